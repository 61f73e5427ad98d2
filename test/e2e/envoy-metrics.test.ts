/** `sluice bootstrap --metrics-address` with a real Envoy: what others see of it, and what they do not. */
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { describe, it } from 'node:test';
import { bootstrapYaml } from '../../src/cli/bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from '../../src/cli/bootstrap-flags.ts';
import { EnvoyAdmin } from '../../src/cli/drain/envoy-admin.ts';
import { readFlags } from '../../src/cli/flag.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gatewayClass } from '../harness/manifests.ts';
import { freePorts, GatewayNode } from './gateway-node.ts';

/** An Envoy that shows its metrics, beside the one of a gateway node without any Gateway. */
async function startEnvoy() {
  const node = await GatewayNode.start({ 'class.yaml': [gatewayClass()] });
  const [admin = 0, metrics = 0] = await freePorts(2);
  const flags = {
    nodeId: ['gw-2'],
    xdsAddress: [`127.0.0.1:${node.plane.xdsPort}`],
    envoyAdminAddress: [`127.0.0.1:${admin}`],
    metricsAddress: [`127.0.0.1:${metrics}`],
  };
  const envoy = await EnvoyProcess.start({ bootstrap: bootstrapYaml(readFlags(BOOTSTRAP_FLAGS, flags, {})) });
  const stop = async (): Promise<void> => {
    await envoy.stop();
    await node[Symbol.asyncDispose]();
  };
  return { envoy, admin, base: `http://127.0.0.1:${metrics}`, [Symbol.asyncDispose]: stop };
}

describe('the metrics of Envoy', () => {
  it('are all that is shown: no page that changes or tells anything', async () => {
    await using started = await startEnvoy();
    const { base } = started;
    const shown = await fetch(`${base}/stats/prometheus`);
    assert.equal(shown.status, 200);
    const text = await shown.text();
    // What docs/operations.md tells to watch.
    for (const name of [
      'envoy_control_plane_connected_state',
      'envoy_cluster_manager_cds_update_rejected',
      'envoy_overload_envoy_overload_actions_stop_accepting_connections_active',
      'envoy_listener_downstream_cx_active',
    ])
      assert.ok(text.includes(`\n${name}{`), name);
    assert.equal((await fetch(`${base}/ready`)).status, 200);
    for (const page of ['/', '/config_dump', '/stats', '/quitquitquit', '/stats/prometheus/x', '/certs'])
      assert.equal((await fetch(`${base}${page}`)).status, 404, page);
    for (const page of ['/quitquitquit', '/ready', '/stats/prometheus'])
      assert.equal((await fetch(`${base}${page}`, { method: 'POST' })).status, 404, page);
  });

  it('are no connection that a drain waits for', async () => {
    await using started = await startEnvoy();
    const { envoy, admin, base } = started;
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      get(`${base}/ready`, { agent }, (response) => response.resume().once('end', resolve)).once(
        'error',
        reject,
      );
    });
    await envoy.waitForStat('listener.sluice_metrics.downstream_cx_active', (count) => count > 0);
    assert.equal(await new EnvoyAdmin({ host: '127.0.0.1', port: admin }).connections(), 0);
    agent.destroy();
  });
});
