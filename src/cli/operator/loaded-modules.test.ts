/** An answer of a running Sluice is a matter of milliseconds; what a command loads before it asks is nearly all that an operator waits for. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { parseInvocation } from '../program.ts';
import { parseOperatorLine } from './operator-commands.ts';

const MAIN = path.join(import.meta.dirname, '..', '..', 'main.ts');
/** Says at the end what was loaded, Node's own modules too. */
const LISTER = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
const urls = [];
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
process.on('exit', () => process._rawDebug(JSON.stringify([...urls, ...process.moduleLoadList])));
`)}`;
/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1';

async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const argv = ['--disable-warning=ExperimentalWarning', '--import', LISTER, MAIN, ...args];
  const stderr = await new Promise<string>((resolve) => {
    execFile(process.execPath, argv, { env: {} }, (_, __, text) => resolve(text));
  });
  const [list = ''] = /^\[".*\]$/m.exec(stderr) ?? [];
  assert.match(stderr, /SLUICE_[A-Z_]*UNREACHABLE/, 'it got as far as asking');
  return JSON.parse(list) as readonly string[];
}

function packagesIn(modules: readonly string[]): readonly string[] {
  const names = modules.flatMap((each) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(each)?.[1] ?? []);
  return [...new Set(names)].sort();
}

function ofSluice(modules: readonly string[]): readonly string[] {
  return modules.filter((each) => /\/src\/.*\.[jt]s$/.test(each) && !each.includes('/node_modules/'));
}

let directory: string;
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-loaded-modules-'));
});
after(() => rm(directory, { recursive: true, force: true }));

describe('a command that asks a running Sluice', () => {
  for (const args of [['explain', 'a.example.com'], ['status'], ['nodes'], ['routes']])
    it(`${args[0]} loads little before it asks at an address`, async () => {
      const modules = await loadedBy(...args, '--server', `http://${NOWHERE}`);
      assert.deepEqual(packagesIn(modules), ['commander']);
      const own = ofSluice(modules);
      assert.ok(own.length > 10 && own.length <= 30, `${own.length} files: ${own.join(' ')}`);
      // 30 ms of TLS.
      assert.ok(!modules.includes('NativeModule https'));
      assert.ok(modules.includes('NativeModule http'));
    });

  it('reads a plain kubeconfig without the client library of Kubernetes', async () => {
    const kubeconfig = path.join(directory, 'kubeconfig');
    const named = { cluster: { server: `https://${NOWHERE}` }, user: { token: 'x' } };
    const config = {
      clusters: [{ name: 'a', cluster: named.cluster }],
      users: [{ name: 'a', user: named.user }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a',
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const modules = await loadedBy('explain', 'a.example.com', '--kubeconfig', kubeconfig);
    assert.deepEqual(packagesIn(modules), ['commander', 'yaml']);
    const own = ofSluice(modules);
    assert.ok(own.length <= 36, `${own.length} files: ${own.join(' ')}`);
  });

  // It is read without the other commands being declared, which nobody is to notice.
  for (const line of [
    'explain a.example.com --probe -o json --server http://127.0.0.1:1',
    'status',
    'nodes -o wide',
    'routes --of-namespace a',
    'diff gw-1 --config-dump -',
    'watch --count 3',
    'bundle --file x',
    'explain --help',
    'routes -h',
    'diff --version',
  ])
    it(`means the same read alone: ${line}`, () => {
      assert.deepEqual(parseOperatorLine(line.split(' '), {}), parseInvocation(line.split(' '), {}));
    });

  for (const line of ['explain', 'explain a b', 'routes --nope', 'status -o xml'])
    it(`is refused the same read alone: ${line}`, () => {
      const said = (parse: typeof parseOperatorLine | typeof parseInvocation): string => {
        try {
          return JSON.stringify(parse(line.split(' '), {}));
        } catch (error) {
          return String(error);
        }
      };
      assert.match(said(parseInvocation), /^CliError: /);
      assert.equal(said(parseOperatorLine), said(parseInvocation));
    });
});
