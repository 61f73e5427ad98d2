import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import process from 'node:process';
import { refusalRules } from '../../gateway/endpoints/address-refusal.ts';
import { podNamespace } from '../../kubernetes-api/service-account.ts';
import type { TenantMapping } from '../../tenants/mapping/mapping.ts';
import { MappingError, readMapping } from '../../tenants/mapping/read-mapping.ts';
import { SHIPPED_MAPPINGS } from '../../tenants/mapping/shipped.ts';
import { TenantController } from '../../tenants/tenant-controller.ts';
import { AdminServer, textPage } from '../admin/admin-server.ts';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import type { Logger } from '../logger.ts';
import { at, listening } from '../serve/listen-address.ts';
import { requireSource } from '../source.ts';
import { OWN_NAMESPACE } from '../status-flags.ts';
import type { TenantsConfig } from './tenants-flags.ts';
import { tenantsRegistry } from './tenants-metrics.ts';

/** `sluice tenants`: until SIGTERM or SIGINT. A second signal ends it at once. */
export async function tenants(config: TenantsConfig, logger: Logger): Promise<ExitCode> {
  if (config.printMapping !== undefined) {
    process.stdout.write(SHIPPED_MAPPINGS[config.printMapping] ?? '');
    return EXIT.ok;
  }
  const mappings = await readMappings(config);
  await requireSource({ type: 'kubernetes' }, { kubeconfig: config.kubeconfig, context: config.context });
  const signal = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(EXIT.interrupted);
    signal.resolve(name);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const controller = createController(config, mappings, logger);
  const admin = adminServer(controller);
  try {
    const { adminAddress } = config;
    const adminPort = await listening(
      '--admin-address',
      at(adminAddress, adminAddress.port),
      admin.listen(adminAddress),
      'is another "sluice tenants" running?',
    );
    await controller.start();
    const names = mappings.map(({ name }) => name);
    logger.info({ code: 'SLUICE_TENANTS', admin: adminPort, mappings: names }, 'watching tenants');
    const name = await signal.promise;
    logger.info({ signal: name }, 'stopping');
    return EXIT.ok;
  } finally {
    await Promise.all([controller.stop(), admin.close()]);
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

function createController(
  config: TenantsConfig,
  mappings: readonly TenantMapping[],
  logger: Logger,
): TenantController {
  const { dnsServers } = config;
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (dnsServers.length > 0) resolver.setServers(dnsServers);
  return new TenantController({
    kubeconfig: config.kubeconfig,
    context: config.context,
    mappings,
    refusal: refusalRules(config),
    resolver,
    perSecond: config.tenantRate,
    election: config.leaderElection
      ? { namespace: config.leaderElectionNamespace ?? podNamespace(OWN_NAMESPACE) }
      : undefined,
    // A pod's name alone comes back when a StatefulSet or a static pod restarts.
    identity: `${hostname()}_${randomUUID()}`,
    logger,
  });
}

function adminServer(controller: TenantController): AdminServer {
  const registry = tenantsRegistry(controller);
  return new AdminServer({
    '/healthz': () => textPage('ok'),
    '/readyz': () => {
      const pending = controller.pending();
      if (pending.length === 0) return textPage('ok');
      return textPage(pending.map(({ kind, reason }) => `${kind}: ${reason}`).join('\n'), 503);
    },
    '/metrics': async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  });
}

/** Rejects with a `CliError` for the first that cannot be read, or says what it must not. */
async function readMappings(config: TenantsConfig): Promise<readonly TenantMapping[]> {
  const settings = { domain: config.domain ?? '', gateway: config.gateway };
  const mappings: TenantMapping[] = [];
  for (const source of config.mappings) {
    const text = SHIPPED_MAPPINGS[source] ?? (await readFileText(source));
    try {
      mappings.push(readMapping(text, settings));
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      throw wrong(`${source}: ${error.message}`);
    }
  }
  const names = mappings.map(({ name }) => name);
  const doubled = names.find((name, index) => names.indexOf(name) < index);
  if (doubled !== undefined) throw wrong(`two mappings have the name ${doubled}`);
  return mappings;
}

function wrong(message: string): CliError {
  return new CliError('SLUICE_TENANT_MAPPING', EXIT.config, message);
}

async function readFileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('SLUICE_TENANT_MAPPING', EXIT.noInput, `--mapping ${path} cannot be read: ${reason}`, {
      cause,
    });
  }
}
