/**
 * The user's own manifests, unmodified, through the commands that the README names and a real Envoy on port 443, to
 * the address that they hold: in a network namespace of the test's own.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gatewayClass, type Manifest } from '../harness/manifests.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { runSluice, SluiceProcess } from '../harness/sluice-process.ts';
import { startTlsBackend } from '../harness/tls-backend.ts';
import { attempt, get } from '../harness/tls-client.ts';
import { toYaml } from './gateway-node.ts';

const SEED = path.join(import.meta.dirname, '..', '..', 'examples', 'seed');
const TENANT = '100.65.0.105';
const HOST = 'demo-cluster-cp.stage.kube-dc.com';
const CONTROLLER = 'higress.io/gateway-controller';

await reexecInNetworkNamespace(import.meta.url, { addresses: [`${TENANT}/32`] });

const ingressClass: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'higress' },
  spec: { controller: CONTROLLER },
};

const CASES: readonly {
  readonly name: string;
  readonly file: string;
  readonly flags: readonly string[];
  readonly classes?: readonly Manifest[];
}[] = [
  {
    name: 'Option A, class adopted by name',
    file: 'option-a-ingress.yaml',
    flags: ['--adopt-class', 'higress'],
  },
  {
    name: 'Option A, with the IngressClass of a Higress installation',
    file: 'option-a-ingress.yaml',
    flags: ['--adopt-controller-name', CONTROLLER],
    classes: [ingressClass],
  },
  {
    name: 'Option B, class adopted by name',
    file: 'option-b-gateway.yaml',
    flags: ['--adopt-class', 'higress'],
  },
  {
    name: 'Option B, with the GatewayClass of a Higress installation',
    file: 'option-b-gateway.yaml',
    flags: ['--adopt-controller-name', CONTROLLER],
    classes: [gatewayClass('higress', CONTROLLER)],
  },
  {
    name: 'Option B, with a GatewayClass of Sluice',
    file: 'option-b-gateway.yaml',
    flags: [],
    classes: [gatewayClass('higress')],
  },
];

describe("the seed's manifests", () => {
  for (const { name, file, flags, classes = [] } of CASES) {
    it(name, async () => {
      await using resources = new AsyncDisposableStack();
      const directory = await mkdtemp(path.join(tmpdir(), 'sluice-seed-'));
      resources.defer(() => rm(directory, { recursive: true, force: true }));
      for (const manifest of [file, 'backend.yaml'])
        await copyFile(path.join(SEED, manifest), path.join(directory, manifest));
      if (classes.length > 0) await writeFile(path.join(directory, 'class.yaml'), toYaml(classes));

      resources.use(await startTlsBackend({ name: 'tenant-api', address: TENANT, port: 6443 }));
      const sluice = resources.use(
        SluiceProcess.start(['serve', '--source', `directory:${directory}`, ...flags]),
      );
      await sluice.untilPage('http://127.0.0.1:18001/readyz');
      const bootstrap = await runSluice([
        'bootstrap',
        '--node-id',
        'gw-1',
        '--envoy-admin-address',
        '127.0.0.1:15000',
      ]);
      assert.equal(bootstrap.exitCode, 0, bootstrap.stderr);
      const envoy = resources.use(await EnvoyProcess.start({ bootstrap: bootstrap.stdout }));

      const answer = await get({ address: '127.0.0.1', port: 443, servername: HOST });
      assert.equal(answer.backend, 'tenant-api');
      assert.equal(answer.sni, HOST);
      const other = await attempt({ address: '127.0.0.1', port: 443, servername: 'other.stage.kube-dc.com' });
      assert.equal(other.outcome, 'closed');

      // The access log tells whose connections they were.
      const log = await envoy.waitFor(async () => {
        const lines = envoy.accessLog();
        return lines.length >= 2 ? lines : undefined;
      }, 'two lines of the access log');
      const served = log.find((line) => line['sni'] === HOST);
      assert.equal(served?.['namespace'], 'default');
      assert.equal(served?.['route'], 'demo-cluster-api');
      assert.equal(served?.['backend'], `${TENANT}:6443`);
      const refused = log.find((line) => line['sni'] === 'other.stage.kube-dc.com');
      assert.equal(refused?.['flags'], 'NC');
    });
  }
});
