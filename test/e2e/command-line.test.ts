/** The commands as operators and scripts run them: processes, exit codes, what they print. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { gateway, gatewayClass, service, tlsRoute } from '../harness/manifests.ts';
import { runSluice, SluiceProcess } from '../harness/sluice-process.ts';
import { freePorts, testBootstrap, toYaml } from './gateway-node.ts';

const run = promisify(execFile);
const EXAMPLES = path.join(import.meta.dirname, '..', '..', 'examples');

let directory: string;
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-command-line-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function manifests(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = path.join(directory, name);
  await mkdir(folder);
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(folder, file), text);
  return folder;
}

const TENANT = [
  gatewayClass(),
  gateway('gw', [{ name: 'tls', port: 443, hostname: '*.stage.example.com' }]),
  ...service('demo', [{ address: '100.65.0.105', port: 6443 }]),
];
const ROUTE = tlsRoute({ name: 'demo', hosts: ['demo.stage.example.com'], backends: [{ name: 'demo' }] });

describe('sluice translate', () => {
  it('prints resources on stdout, routes on stderr, and ends with 0 if all is accepted', async () => {
    const { exitCode, stdout, stderr } = await runSluice([
      'translate',
      path.join(EXAMPLES, 'demo'),
      '--allow-loopback-endpoints',
    ]);
    assert.equal(exitCode, 0, stderr);
    const { listeners, clusters, endpoints } = parse(stdout) as Record<string, { name?: string }[]>;
    assert.deepEqual(
      listeners?.map(({ name }) => name),
      ['0.0.0.0:10443', '0.0.0.0:443'],
    );
    assert.equal(clusters?.length, 2);
    assert.equal(endpoints?.length, 2);
    assert.match(stderr, /TLSRoute default\/demo-cluster-api .* accepted/);
    assert.match(stderr, /2 routes, 0 problems: all accepted/);
  });

  it('ends with 2 and says why if anything is not accepted', async () => {
    const route = tlsRoute({ name: 'stray', hosts: ['a.elsewhere.org'], backends: [{ name: 'nothing' }] });
    const folder = await manifests('not-accepted', { 'all.yaml': toYaml([...TENANT, ROUTE, route]) });
    const { exitCode, stdout } = await runSluice(['translate', folder, '--output', 'table']);
    assert.equal(exitCode, 2);
    assert.match(stdout, /TLSRoute tenants\/stray .*Accepted=False NoMatchingListenerHostname/);
    assert.match(stdout, /TLSRoute tenants\/demo .*accepted/);
    assert.match(stdout, /NOT all accepted/);
  });

  it('names file, line and reason of a file that does not parse, and translates the others', async () => {
    const folder = await manifests('broken', {
      'a.yaml': toYaml([...TENANT, ROUTE]),
      'b.yaml': 'kind: [unclosed\n',
    });
    const { exitCode, stdout } = await runSluice(['translate', folder, '--output', 'table']);
    assert.equal(exitCode, 2);
    assert.match(stdout, /b\.yaml:\d+: SLUICE_FILE_SYNTAX: /);
    assert.match(stdout, /TLSRoute tenants\/demo .*accepted/);
  });

  it('tells of a route whose Gateway is in none of the manifests', async () => {
    const folder = await manifests('no-gateway', { 'a.yaml': toYaml([ROUTE]) });
    const { exitCode, stdout } = await runSluice(['translate', folder, '--output', 'table']);
    assert.equal(exitCode, 2);
    assert.match(stdout, /There is no Gateway infra\/gw/);
  });

  it('explains a host', async () => {
    const folder = await manifests('host', { 'a.yaml': toYaml([...TENANT, ROUTE]) });
    const { exitCode, stdout } = await runSluice(['translate', folder, '--host', 'DEMO.stage.example.com']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /served by TLSRoute tenants\/demo/);
    assert.match(stdout, /100\.65\.0\.105 port 6443/);
    const unknown = await runSluice(['translate', folder, '--host', 'no.stage.example.com']);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stdout, /no route serves it/);
  });

  it('ends with 2 and names the flag if nothing is for Sluice, or nothing is there', async () => {
    const seed = path.join(EXAMPLES, 'seed');
    const { exitCode, stdout } = await runSluice(['translate', seed, '--output', 'table']);
    assert.equal(exitCode, 2);
    assert.match(
      stdout,
      /higress-system\/tenant-gateway +not for Sluice\n +! class higress .*--adopt-class higress/,
    );
    assert.match(stdout, /Ingress default\/demo-cluster-api .*not for Sluice\n +! class higress /);
    assert.match(stdout, /0 of 2 routes are Sluice's, 0 problems: nothing here is for Sluice\n$/);
    const host = await runSluice(['translate', seed, '--host', 'demo-cluster-cp.stage.kube-dc.com']);
    assert.match(
      host.stdout,
      /TLSRoute default\/demo-cluster-api names it and is not served: .*--adopt-class higress/,
    );
    const empty = await runSluice(['translate', await manifests('empty', {}), '--output', 'table']);
    assert.equal(empty.exitCode, 2);
    assert.match(empty.stdout, /there are no manifests here/);
  });

  it('counts the endpoints of a route, and says why there are none', async () => {
    const [, slice] = service('demo', [{ address: '100.65.0.105', port: 6443 }], false);
    const folder = await manifests('unready', {
      'a.yaml': toYaml([...TENANT.slice(0, 3), slice ?? {}, ROUTE]),
    });
    const { exitCode, stdout } = await runSluice(['translate', folder, '--output', 'table']);
    assert.match(
      stdout,
      /TLSRoute tenants\/demo +demo\.stage\.example\.com:443 +0 .*Serving=False EndpointsNotReady\n +! Connections are closed: none of 1 endpoints of Service tenants\/demo is ready/,
    );
    assert.equal(exitCode, 0, 'a tenant may be scaled to zero');
  });

  it('says each thing once, and why an accepted route serves nothing', async () => {
    const unserved = [
      ...TENANT.slice(0, 1),
      gateway('gw', [{ name: 'tls', port: 0 }]),
      ...TENANT.slice(2),
      ROUTE,
    ];
    const folder = await manifests('unserved', { 'a.yaml': toYaml(unserved) });
    const { stdout } = await runSluice(['translate', folder, '--output', 'table']);
    assert.match(
      stdout,
      /TLSRoute tenants\/demo +- .*not served, sluice\.dev\/Serving=False ListenersNotServed\n +! The route is accepted, but none of its listeners is served: listener tls of Gateway infra\/gw is not served: Port 0/,
    );
  });

  it('tells by which rule a host was lost, and explains as JSON too', async () => {
    const twin = tlsRoute({ name: 'twin', hosts: ['demo.stage.example.com'], backends: [{ name: 'demo' }] });
    const folder = await manifests('twins', { 'a.yaml': toYaml([...TENANT, ROUTE, twin]) });
    const flags = ['translate', folder, '--host', 'demo.stage.example.com'];
    const { stdout } = await runSluice(flags);
    assert.match(stdout, /also wanted by TLSRoute tenants\/twin, which comes later by namespace and name/);
    const json = await runSluice([...flags, '--output', 'json']);
    assert.equal(json.exitCode, 0);
    const { served } = JSON.parse(json.stdout) as { served: { route: string; others: unknown[] }[] };
    assert.deepEqual(
      served.map(({ route, others }) => [route, others.length]),
      [['TLSRoute tenants/demo', 1]],
    );
  });

  it('ends with 66 for a directory that is not there', async () => {
    const { exitCode, stderr } = await runSluice(['translate', path.join(directory, 'missing')]);
    assert.equal(exitCode, 66);
    assert.match(stderr, /^sluice: SLUICE_DIRECTORY_UNREADABLE: [^\n]+\n$/);
  });
});

describe('sluice bootstrap', () => {
  for (const [name, addresses] of [
    ['one IP address', ['10.0.0.1:18000']],
    ['several, IPv6 among them', ['10.0.0.1:18000', '[fd00::1]:18000']],
    ['a DNS name', ['sluice.sluice-system.svc:18000']],
  ] as const) {
    it(`${name}: passes Envoy's own validation`, async () => {
      const flags = addresses.flatMap((address) => ['--xds-address', address]);
      const { exitCode, stdout, stderr } = await runSluice(['bootstrap', '--node-id', 'gw-1', ...flags]);
      assert.equal(exitCode, 0, stderr);
      const file = path.join(directory, 'bootstrap.yaml');
      await writeFile(file, stdout);
      const validated = await run(await findEnvoy(), ['--mode', 'validate', '-c', file]);
      assert.match(validated.stdout + validated.stderr, /OK/);
      assert.doesNotMatch(validated.stderr, /deprecated|work-in-progress/i);
    });
  }

  it('ends with 66 and one line for a folder that cannot be made', async () => {
    const { exitCode, stderr } = await runSluice(['bootstrap', '--node-id', 'a', '--out', '/proc/foo']);
    assert.equal(exitCode, 66);
    assert.match(stderr, /^sluice: SLUICE_BOOTSTRAP_FILES: cannot write to \/proc\/foo [^\n]+\n$/);
  });

  it('takes the node id from the environment, and asks for one where there is none', async () => {
    const { stdout } = await runSluice(['bootstrap'], { SLUICE_NODE_ID: 'gw-7' });
    assert.equal((parse(stdout) as { node: { id: string } }).node.id, 'gw-7');
    const { exitCode, stderr } = await runSluice(['bootstrap']);
    assert.equal(exitCode, 64);
    assert.match(
      stderr,
      /SLUICE_FLAG_MISSING: --node-id is required; add --node-id ID or set SLUICE_NODE_ID/,
    );
  });
});

describe('sluice serve', () => {
  it('starts nothing with a flag that does not parse: one line, 64', async () => {
    const { exitCode, stdout, stderr } = await runSluice([
      'serve',
      '--source',
      'directory:.',
      '--xds-address',
      'nonsense',
    ]);
    assert.equal(exitCode, 64);
    assert.equal(stdout, '');
    assert.match(stderr, /^sluice: SLUICE_FLAG_INVALID: [^\n]+\n$/);
  });

  it('ends with 69 if an address is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const address = `127.0.0.1:${port}`;
    const flags = [
      '--source',
      `directory:${directory}`,
      '--admin-address',
      '127.0.0.1:0',
      '--xds-address',
      address,
    ];
    const { exitCode, stderr } = await runSluice(['serve', ...flags]);
    taken.close();
    assert.equal(exitCode, 69);
    assert.match(stderr, /SLUICE_ADDRESS_UNAVAILABLE: --xds-address 127\.0\.0\.1:\d+ cannot be listened on/);
  });

  it('ends with 66 for a directory or a kubeconfig that is not there, before it listens', async () => {
    const missing = path.join(directory, 'missing');
    for (const [code, ...flags] of [
      ['SLUICE_DIRECTORY_UNREADABLE', '--source', `directory:${missing}`],
      ['SLUICE_KUBE_CONFIG', '--source', 'kubernetes', '--kubeconfig', missing],
    ]) {
      const { exitCode, stderr } = await runSluice(['serve', ...flags]);
      assert.equal(exitCode, 66);
      assert.match(stderr, new RegExp(`^sluice: ${code}: [^\\n]+missing cannot be read [^\\n]+\\n$`));
    }
  });

  it('ends with 78 for a kubeconfig that is malformed, or has no such context, in one line', async () => {
    const malformed = path.join(directory, 'malformed.kubeconfig');
    await writeFile(malformed, 'clusters: [\n');
    const empty = path.join(directory, 'empty.kubeconfig');
    await writeFile(empty, 'apiVersion: v1\nkind: Config\nclusters: []\n');
    for (const [said, ...flags] of [
      ['No usable credentials', '--kubeconfig', malformed],
      ['the kubeconfig has no current context', '--kubeconfig', empty],
      ['the kubeconfig has no context prod', '--kubeconfig', empty, '--context', 'prod'],
    ]) {
      const { exitCode, stderr } = await runSluice(['serve', '--source', 'kubernetes', ...flags]);
      assert.equal(exitCode, 78);
      assert.match(stderr, new RegExp(`^sluice: SLUICE_KUBE_CONFIG: [^\\n]*${said}[^\\n]+\\n$`));
    }
  });

  it('serves a single file of manifests', async () => {
    const [xdsPort = 0, adminPort = 0] = await freePorts(2);
    const folder = await manifests('single', { 'a.yaml': toYaml([ROUTE]) });
    await using sluice = SluiceProcess.start([
      ...['serve', '--source', `directory:${path.join(folder, 'a.yaml')}`],
      ...['--xds-address', `127.0.0.1:${xdsPort}`, '--admin-address', `127.0.0.1:${adminPort}`],
    ]);
    const admin = `http://127.0.0.1:${adminPort}`;
    await sluice.untilPage(`${admin}/readyz`);
    assert.match(await sluice.untilPage(`${admin}/debug/routes`), /TLSRoute tenants\/demo/);
  });

  it('ends with 78 for a kubeconfig that a directory has no use for', async () => {
    const { exitCode, stderr } = await runSluice([
      ...['serve', '--source', `directory:${directory}`, '--context', 'prod'],
    ]);
    assert.equal(exitCode, 78);
    assert.match(stderr, /^sluice: SLUICE_FLAG_UNUSED: --context is for --source kubernetes[^\n]+\n$/);
  });

  it('answers probes and Prometheus, tells of problems and Envoys, and lets them go at SIGTERM', async () => {
    const [xdsPort = 0, adminPort = 0] = await freePorts(2);
    const folder = await manifests('serve', {
      'a.yaml': toYaml([...TENANT.slice(0, 1), gateway('gw', [{ name: 'tls', port: 0 }]), ROUTE]),
      'broken.yaml': ': :',
    });
    await using sluice = SluiceProcess.start([
      ...['serve', '--source', `directory:${folder}`, '--log-format', 'json'],
      ...['--xds-address', `127.0.0.1:${xdsPort}`, '--admin-address', `127.0.0.1:${adminPort}`],
    ]);
    const admin = `http://127.0.0.1:${adminPort}`;
    await sluice.untilPage(`${admin}/readyz`);
    assert.equal(await sluice.untilPage(`${admin}/healthz`), 'ok\n');
    const problems = JSON.parse(await sluice.untilPage(`${admin}/problems`)) as {
      code?: string;
      condition?: string;
      object?: { kind: string };
    }[];
    assert.equal(problems[0]?.code, 'SLUICE_FILE_SYNTAX');
    assert.ok(
      problems.some(({ object, condition }) => object?.kind === 'Gateway' && condition === 'Accepted'),
    );
    const routes = JSON.parse(await sluice.untilPage(`${admin}/debug/routes`)) as {
      route: string;
      notes: string[];
      parents: { conditions: unknown[] }[];
    }[];
    assert.deepEqual(
      routes.map(({ route, notes, parents }) => [route, notes.length, parents[0]?.conditions.length]),
      [['TLSRoute tenants/demo', 0, 3]],
    );
    const host = JSON.parse(await sluice.untilPage(`${admin}/debug/routes?host=demo.stage.example.com`)) as {
      served: unknown[];
      notServed: { route: string; reasons: string[] }[];
    };
    assert.deepEqual(host.served, []);
    assert.match(host.notServed[0]?.reasons[0] ?? '', /Service tenants\/demo does not exist/);
    assert.equal((await fetch(`${admin}/debug/routes?host=*`)).status, 400);
    const metrics = await sluice.untilPage(`${admin}/metrics`);
    for (const sample of [
      'sluice_ready 1',
      'sluice_source_problems 1',
      'sluice_xds_nodes 0',
      'sluice_objects{kind="TLSRoute"} 1',
    ])
      assert.ok(metrics.includes(`${sample}\n`), sample);
    assert.equal((await fetch(`${admin}/nothing`)).status, 404);
    assert.equal((await fetch(`${admin}/readyz`, { method: 'POST' })).status, 405);

    await using envoy = await EnvoyProcess.start({ bootstrap: testBootstrap(xdsPort) });
    const nodes = JSON.parse(await sluice.untilPage(`${admin}/debug/nodes`)) as {
      id: string;
      version: string;
    }[];
    assert.deepEqual(
      nodes.map(({ id, version }) => `${id} ${version}`),
      ['test-node 1.40.0'],
    );

    const { exitCode, stderr } = await sluice.stop();
    assert.equal(exitCode, 0);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; reason?: string });
    assert.ok(
      lines.some(({ msg, reason }) => msg === 'Envoy disconnected' && reason === 'draining'),
      stderr,
    );
    assert.equal(lines.at(-1)?.msg, 'stopped');
    assert.match(stderr, /"routes":\{"added":1,"changed":0,"removed":0\},.*"hosts":0,/);
    assert.doesNotMatch(stderr, /"without"/);
    await envoy.waitForStat('control_plane.connected_state', (value) => value === 0);
  });

  it('shows help with examples on stdout, with 0', async () => {
    for (const argv of [['--help'], ['serve', '--help'], ['help', 'serve']]) {
      const { exitCode, stdout, stderr } = await runSluice(argv);
      assert.equal(exitCode, 0);
      assert.equal(stderr, '');
      assert.match(stdout, /Usage: sluice/);
    }
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(await readFile(path.join(EXAMPLES, '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.match((await runSluice(['--version'])).stdout, new RegExp(`^sluice ${RegExp.escape(version)} `));
  });
});

describe('npm run demo', () => {
  it('refuses a flag that it does not know with one line and 64', async () => {
    const demo = path.join(EXAMPLES, '..', 'demo', 'main.ts');
    const ended = await run(process.execPath, [demo, '--onc']).catch((error: unknown) => error);
    const { code, stderr } = ended as { code?: number; stderr: string };
    assert.equal(code, 64);
    assert.match(stderr, /^demo: SLUICE_USAGE: Unknown option '--onc'; [^\n]+\n$/);
  });
});
