/** `sluice tenants` as its own process on a real API server, with the rights of its manifests. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SluiceProcess } from '../harness/sluice-process.ts';
import { until } from '../harness/until.ts';
import { addressesOf, KDC, ROUTE, SERVICE, SLICE, TenantCluster } from './installation.ts';

let tenants: TenantCluster;
let sluice: SluiceProcess;

before(async () => {
  tenants = await TenantCluster.start();
  sluice = await tenants.startTenants();
});
after(async () => {
  await sluice?.stop();
  await tenants?.[Symbol.asyncDispose]();
});

const endpoint = (host: string, port = 6443) => ({ controlPlaneEndpoint: { host, port } });

describe('a KdcCluster', { timeout: 60_000 }, () => {
  it('gets Service, EndpointSlice and TLSRoute, and loses them with itself', async () => {
    const { metadata } = await tenants.createKdc('demo', endpoint('100.65.0.105'));
    const report = await tenants.untilReason('demo', 'Exposed');
    assert.equal(report.status, 'True');
    assert.equal(report.message, 'demo-cp.stage.kube-dc.com → 100.65.0.105');
    const service = await tenants.find(SERVICE, 'demo-api-proxy');
    const { spec } = service as unknown as { spec: { clusterIP: string; ports: object[] } };
    assert.equal(spec.clusterIP, 'None');
    assert.deepEqual(spec.ports, [{ name: 'api', port: 6443, protocol: 'TCP', targetPort: 6443 }]);
    assert.deepEqual(addressesOf(await tenants.find(SLICE, 'demo-api-proxy-ipv4')), ['100.65.0.105']);
    const route = await tenants.find(ROUTE, 'demo-api');
    assert.deepEqual((route?.['spec'] as { hostnames: string[] }).hostnames, ['demo-cp.stage.kube-dc.com']);
    const owners = (route?.metadata as unknown as { ownerReferences: { uid: string; controller: boolean }[] })
      .ownerReferences;
    assert.deepEqual([owners[0]?.uid, owners[0]?.controller], [metadata.uid, true]);

    await tenants.setStatus('demo', endpoint('100.65.0.106', 7443));
    await until(
      async () => addressesOf(await tenants.find(SLICE, 'demo-api-proxy-ipv4')).join() === '100.65.0.106',
      { what: 'the new address' },
    );

    // No garbage collector runs here: it is our own removal.
    await tenants.cluster.client.remove({ ...KDC, namespace: 'tenants', name: 'demo' });
    for (const [type, name] of [
      [ROUTE, 'demo-api'],
      [SLICE, 'demo-api-proxy-ipv4'],
      [SERVICE, 'demo-api-proxy'],
    ] as const)
      await until(async () => (await tenants.find(type, name)) === undefined, { what: `${name} gone` });
  });
});
