import { CliError, EXIT } from '../../cli-error.ts';
import type { ServeConfig } from '../../flags.ts';
import type { AdminGuard } from './admin-guard.ts';
import { kubernetesGuard } from './kubernetes-guard.ts';
import { kubernetesReviews } from './reviews.ts';

/**
 * Who guards the admin address by `--admin-auth`; `undefined`: nobody. Throws a `CliError` where the API server is to be asked and is
 * not there.
 */
export function openAdminGuard({
  adminAuth,
  source,
  kubeconfig,
  context,
}: Pick<ServeConfig, 'adminAuth' | 'source' | 'kubeconfig' | 'context'>):
  | (AdminGuard & { close(): void })
  | undefined {
  if (source.type !== 'kubernetes') {
    if (adminAuth === undefined || adminAuth === 'off') return undefined;
    const message = `--admin-auth ${adminAuth} asks the API server, and the source is directory:${source.path}; leave it out, and --admin-address on loopback`;
    throw new CliError('SLUICE_FLAG_UNUSED', EXIT.config, message);
  }
  if (adminAuth === 'off') return undefined;
  const reviews = kubernetesReviews({ kubeconfig, context });
  const guard = kubernetesGuard({ reviews, metrics: adminAuth === 'all' });
  return { ...guard, close: () => reviews.close() };
}
