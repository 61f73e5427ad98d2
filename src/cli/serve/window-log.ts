import type { WindowEnd } from '../../xds/demand-window.ts';
import type { NodeIdentity } from '../../xds/node-identity.ts';
import type { Logger } from '../logger.ts';

/** Tells in the log how the demand window of an Envoy ended. */
export function logWindowEnd(node: NodeIdentity, { openMs, ...end }: WindowEnd, logger: Logger): void {
  const line = { node, openMs: Math.round(openMs), ...end };
  if (end.reason === 'complete') {
    logger.info(
      { code: 'SLUICE_XDS_ALL_TOLD', ...line },
      'Envoy has been told of all hosts: its demand window is closed',
    );
    return;
  }
  logger.warn(
    { code: 'SLUICE_XDS_UNKNOWN_NAMES', ...line },
    'clients of an Envoy that starts asked for too many hosts that do not exist: hosts that it has not been told of are closed until it has',
  );
}
