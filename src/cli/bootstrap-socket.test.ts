/** A bootstrap for an Envoy that is served by `sluice node`, on a Unix socket. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bootstrapConfig } from './bootstrap-config.ts';
import { BOOTSTRAP_FLAGS } from './bootstrap-flags.ts';
import { readFlags } from './flag.ts';

function config(flags: Readonly<Record<string, readonly string[]>>) {
  return bootstrapConfig(readFlags(BOOTSTRAP_FLAGS, { nodeId: ['gw'], ...flags }, {})) as {
    static_resources: { clusters: Record<string, unknown>[] };
  };
}

it('the cluster of Sluice is the socket, without TLS and keep-alive of TCP', () => {
  const [cluster] = config({ xdsAddress: ['unix:/run/sluice-node/xds.sock'] }).static_resources.clusters;
  assert.equal(cluster?.['type'], 'STATIC');
  assert.deepEqual(cluster?.['load_assignment'], {
    cluster_name: 'sluice_xds',
    endpoints: [
      { lb_endpoints: [{ endpoint: { address: { pipe: { path: '/run/sluice-node/xds.sock' } } } }] },
    ],
  });
  assert.ok(!('transport_socket' in cluster) && !('upstream_connection_options' in cluster));
});

for (const [what, flags] of [
  ['another address', { xdsAddress: ['unix:/x.sock', 'a:1'] }],
  ['TLS', { xdsAddress: ['unix:/x.sock'], xdsTlsCaFile: ['/ca.crt'] }],
] as const)
  it(`a socket beside ${what} is refused`, () => {
    assert.throws(
      () => config(flags),
      (error: { code?: string; exitCode?: number }) =>
        error.code === 'SLUICE_BOOTSTRAP_SOCKET' && error.exitCode === 78,
    );
  });
