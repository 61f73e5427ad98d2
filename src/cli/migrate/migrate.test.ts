import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { startTestApiServer } from '../../status/test-api-server.ts';
import { CliError } from '../cli-error.ts';
import { readFlags } from '../flag.ts';
import { migrate } from './migrate.ts';
import { MIGRATE_FLAGS } from './migrate-flags.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const config = (given: Readonly<Record<string, readonly string[]>> = {}) =>
  readFlags(MIGRATE_FLAGS, given, {});

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-migrate-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('sluice migrate', () => {
  for (const [name, guide] of [
    ['ingress-nginx', 'from-ingress-nginx'],
    ['higress', 'from-higress'],
  ])
    it(`says of the example of ${name} what the guide says that it says`, async () => {
      const file = join(ROOT, 'examples', 'migration', `${name}.yaml`);
      const { stdout } = await migrate(file, config({ output: ['table'] }));
      const text = await readFile(join(ROOT, 'docs', 'migration', `${guide}.md`), 'utf8');
      assert.ok(text.includes(`\`\`\`text\n${stdout.trimEnd()}\n\`\`\``), stdout);
    });
  it('prints manifests on stdout and the report on stderr, or both as JSON', async () => {
    const file = join(ROOT, 'examples', 'migration', 'ingress-nginx.yaml');
    const { stdout, stderr, exitCode } = await migrate(file, config({ gateway: ['infra/gw'] }));
    const kinds = parseAllDocuments(stdout).map((each) => each.get('kind'));
    assert.deepEqual(kinds, ['Gateway', 'TLSRoute', 'TLSRoute']);
    assert.match(stdout, /namespace: infra\n +name: gw\n/);
    assert.match(stderr, /^2 hosts, 2 TLSRoutes, nothing that matters much\n/m);
    assert.equal(exitCode, 0);
    const json = JSON.parse((await migrate(file, config({ output: ['json'] }))).stdout) as Record<
      string,
      unknown[]
    >;
    assert.deepEqual([json['hosts']?.length, json['manifests']?.length], [2, 3]);
  });
  it('reads what it can of a folder, and names the rest', async () => {
    await writeFile(join(folder, 'broken.yaml'), 'a: [');
    await writeFile(
      join(folder, 'good.yaml'),
      await readFile(join(ROOT, 'examples', 'migration', 'higress.yaml')),
    );
    const { stdout, exitCode } = await migrate(folder, config({ output: ['table'] }));
    assert.match(stdout, /SLUICE_FILE_SYNTAX: .*broken\.yaml:1/);
    assert.match(stdout, /^demo\.example\.com /m);
    assert.equal(exitCode, 2);
    const isMissing = (error: unknown): boolean =>
      error instanceof CliError && error.code === 'SLUICE_DIRECTORY_UNREADABLE';
    await assert.rejects(migrate(join(folder, 'nope'), config()), isMissing);
  });
  it('refuses flags that say nothing together', async () => {
    for (const given of [
      { verify: ['true'], from: ['192.0.2.1'] },
      { verify: ['true'], apply: ['true'], from: ['192.0.2.1'], to: ['192.0.2.2'] },
      { from: ['192.0.2.1'] },
      { output: ['junit'] },
    ])
      await assert.rejects(
        migrate(folder, config(given)),
        (error) => error instanceof CliError && error.code === 'SLUICE_FLAG_UNUSED',
      );
  });
  it('takes addresses with and without a port', () => {
    const { from } = config({
      from: ['192.0.2.1', '[2001:db8::1]:8443', '2001:db8::1', 'gw.example.com:444'],
    });
    assert.deepEqual(
      from.map(({ host, port }) => `${host} ${port}`),
      ['192.0.2.1 443', '2001:db8::1 8443', '2001:db8::1 443', 'gw.example.com 444'],
    );
    assert.throws(() => config({ from: ['a b'] }), /not|no address/);
  });
  it('writes nothing where the Gateway is refused, and says what was written where the server goes away', async (t) => {
    const file = join(ROOT, 'examples', 'migration', 'ingress-nginx.yaml');
    const applied = async (answer: Parameters<typeof startTestApiServer>[1]) => {
      const { kubeconfig, asked } = await startTestApiServer(t, (each) =>
        each.path.includes('/namespaces/') ? answer(each) : { status: 404 },
      );
      const { stdout, exitCode } = await migrate(file, config({ apply: ['true'], kubeconfig: [kubeconfig] }));
      assert.equal(exitCode, 2);
      return {
        stdout,
        writes: asked.filter(({ method, path }) => method === 'PATCH' && !path.includes('dryRun')),
      };
    };
    const forbidden = await applied(({ method, path }) =>
      method === 'GET'
        ? { status: 404 }
        : path.includes('/gateways/')
          ? { status: 403, body: { message: 'no' } }
          : { status: 201, body: {} },
    );
    assert.match(
      forbidden.stdout,
      /SLUICE_KUBE_FORBIDDEN: you may not patch gateways in namespace sluice-system: no/,
    );
    assert.match(forbidden.stdout, /ended: the Gateway cannot be written/);
    assert.deepEqual(forbidden.writes, []);
    const gone = await applied(({ method, path }) => {
      if (method === 'GET') return { status: 404 };
      const isLast = path.includes('web.web.443') && !path.includes('dryRun');
      return isLast ? undefined : { status: 201, body: {} };
    });
    assert.match(gone.stdout, /ended: SLUICE_KUBE_UNREACHABLE: .*what was written stays/);
    assert.match(gone.stdout, /3 objects: [12] created, .* [12] not written/);
  });
});
