import process from 'node:process';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { DEFAULT_DEMAND_WINDOW } from '../../xds/demand-window.ts';
import { openAdminGuard } from '../admin/access/open-guard.ts';
import { EXIT, type ExitCode } from '../cli-error.ts';
import { engineConfig, type ServeConfig } from '../flags.ts';
import type { Logger } from '../logger.ts';
import { createSource, requireSource } from '../source.ts';
import { version } from '../version.ts';
import { ControlPlane } from './control-plane.ts';
import { StateService } from './state-service.ts';
import { openXdsTls, warnOfPlaintext, type XdsTls } from './xds-tls.ts';

/** `sluice serve`: until SIGTERM or SIGINT. A second signal ends it at once. */
export async function serve(config: ServeConfig, logger: Logger): Promise<ExitCode> {
  // It would write to stderr what we report ourselves.
  setLogVerbosity(logVerbosity.NONE);
  const signal = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(EXIT.interrupted);
    signal.resolve(name);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  let xdsTls: XdsTls | undefined;
  let adminGuard: ReturnType<typeof openAdminGuard>;
  try {
    await requireSource(config.source, config);
    adminGuard = openAdminGuard(config);
    xdsTls = await openXdsTls(config, logger);
    if (xdsTls === undefined) warnOfPlaintext(config.xdsAddress, logger);
    const state = openState(config, logger);
    const plane = await ControlPlane.start({
      source: createSource(config.source, logger, { ...config, saved: state && ((uid) => state.load(uid)) }),
      state,
      engine: engineConfig(config),
      xdsAddress: config.xdsAddress,
      adminAddress: config.adminAddress,
      adminGuard,
      xdsTls,
      demandWindow: config.demandWindow ? DEFAULT_DEMAND_WINDOW : undefined,
      drainTimeoutMs: config.drainTimeoutMs,
      status: config.source.type === 'kubernetes' ? config : undefined,
      logger,
    });
    const name = await signal.promise;
    logger.info({ signal: name, drainTimeoutMs: config.drainTimeoutMs }, 'stopping');
    await plane.stop();
    logger.info('stopped');
    return EXIT.ok;
  } finally {
    xdsTls?.close();
    adminGuard?.close();
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

function openState(config: ServeConfig, logger: Logger): StateService | undefined {
  const { stateDir, stateMaxAgeMs, kubeconfig, context } = config;
  if (stateDir === undefined) return undefined;
  return new StateService({
    path: stateDir,
    maxAgeMs: stateMaxAgeMs,
    kubeconfig,
    context,
    sluice: version(),
    logger,
  });
}
