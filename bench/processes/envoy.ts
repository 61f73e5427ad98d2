import { bootstrapConfig } from '../../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../../src/cli/bootstrap-flags.ts';
import { readFlags } from '../../src/cli/flag.ts';
import { EnvoyProcess } from '../../test/harness/envoy-process.ts';

/** As on a gateway node: a worker for each core. */
export const ENVOY_CONCURRENCY = 2;
/** It is ready when it has been told of its listeners, which may come behind 100,000 clusters. */
const START_MS = 120_000;

/** Envoy with the bootstrap that `sluice bootstrap` prints; resolves when its admin pages answer. */
export async function startEnvoy(xdsPort: number, nodeId = 'gateway-node'): Promise<EnvoyProcess> {
  const flags = {
    xdsAddress: [`127.0.0.1:${xdsPort}`],
    nodeId: [nodeId],
    envoyAdminAddress: ['127.0.0.1:0'],
    maxHeap: ['8GiB'],
  };
  return await EnvoyProcess.start({
    bootstrap: bootstrapConfig(readFlags(BOOTSTRAP_FLAGS, flags, {})),
    concurrency: ENVOY_CONCURRENCY,
    startTimeoutMs: START_MS,
  });
}

/** Until it has been told that there is nothing yet: from here on it only follows changes. */
export async function untilLive(envoy: EnvoyProcess): Promise<void> {
  await envoy.waitForStat('server.live', (value) => value === 1, 60_000);
  await envoy.waitForStat('listener_manager.lds.update_success', (value) => value > 0, 60_000);
}
