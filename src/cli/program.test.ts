import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ENGINE_CONFIG } from '../snapshot/config.ts';
import { BOOTSTRAP_FLAGS } from './bootstrap-flags.ts';
import { CERTS_FLAGS } from './certs/certs-flags.ts';
import { CliError, errorLine } from './cli-error.ts';
import { DRAIN_FLAGS } from './drain/drain-flags.ts';
import type { FlagSet } from './flag.ts';
import { engineConfig, SERVE_FLAGS, TRANSLATE_FLAGS } from './flags.ts';
import { NODE_FLAGS } from './node/node-flags.ts';
import {
  BUNDLE_FLAGS,
  DIFF_FLAGS,
  EXPLAIN_FLAGS,
  ROUTES_FLAGS,
  STATUS_COMMAND_FLAGS,
  WATCH_FLAGS,
} from './operator/operator-flags.ts';
import { parseInvocation } from './program.ts';
import { VALUES } from './test-flag-values.ts';

type Env = Readonly<Record<string, string>>;

function parse(line: string | readonly string[], env: Env = {}) {
  return parseInvocation(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, env);
}

function serve(line: string | readonly string[], env: Env = {}) {
  const argv = typeof line === 'string' ? line.split(' ').filter(Boolean) : line;
  const invocation = parse(['serve', '--source', 'directory:.', ...argv], env);
  assert.equal(invocation.command, 'serve');
  return invocation.config;
}

/** The one line that an operator would see; asserts that it is one, and its exit code. */
function refused(run: () => unknown, exitCode = 64): string {
  let line = '';
  assert.throws(run, (error) => {
    assert.ok(error instanceof CliError, `${error}`);
    assert.equal(error.exitCode, exitCode);
    line = errorLine(error.code, error.message);
    return true;
  });
  assert.match(line, /^sluice: SLUICE_[A-Z_]+: [^\n]+\n$/);
  return line;
}

const COMMANDS: readonly {
  readonly words: readonly string[];
  readonly flags: FlagSet;
  readonly needs: Env;
}[] = [
  { words: ['serve'], flags: SERVE_FLAGS, needs: { '--source': 'directory:.' } },
  { words: ['translate', 'x'], flags: TRANSLATE_FLAGS, needs: {} },
  { words: ['certs'], flags: CERTS_FLAGS, needs: { '--out': '/certs' } },
  { words: ['drain'], flags: DRAIN_FLAGS, needs: {} },
  { words: ['node'], flags: NODE_FLAGS, needs: { '--control-plane': 'a:1' } },
  { words: ['bootstrap'], flags: BOOTSTRAP_FLAGS, needs: { '--node-id': 'a' } },
  { words: ['explain', 'a.b'], flags: EXPLAIN_FLAGS, needs: {} },
  { words: ['status'], flags: STATUS_COMMAND_FLAGS, needs: {} },
  { words: ['nodes'], flags: STATUS_COMMAND_FLAGS, needs: {} },
  { words: ['routes'], flags: ROUTES_FLAGS, needs: {} },
  { words: ['diff', 'gw-1'], flags: DIFF_FLAGS, needs: {} },
  { words: ['watch'], flags: WATCH_FLAGS, needs: {} },
  { words: ['bundle'], flags: BUNDLE_FLAGS, needs: {} },
];

for (const { words, flags, needs } of COMMANDS) {
  describe(`sluice ${words[0]}`, () => {
    for (const [key, flag] of Object.entries(flags)) {
      const others = Object.entries(needs)
        .filter(([name]) => name !== flag.name)
        .flat();
      const read = (argv: readonly string[], env: Env = {}) => {
        const invocation = parse([...words, ...others, ...argv], env);
        assert.ok('config' in invocation);
        assert.ok(Object.isFrozen(invocation.config));
        return (invocation.config as unknown as Record<string, unknown>)[key];
      };
      if (flag.value === undefined) {
        it(`${flag.name}: a switch, on the line and as ${flag.env}`, () => {
          assert.equal(read([]), false);
          assert.equal(read([flag.name]), true);
          assert.equal(read([], { [flag.env]: 'true' }), true);
          assert.equal(read([], { [flag.env]: '0' }), false);
          assert.match(
            refused(() => read([], { [flag.env]: 'yes' })),
            new RegExp(flag.env),
          );
        });
        continue;
      }
      it(`${flag.name}: read from the line and from ${flag.env}`, () => {
        const values = VALUES[flag.name];
        assert.ok(values, `no values to test ${flag.name} with`);
        // A peer's port and a listener's are read alike, apart from port 0.
        const gives = flag.repeatable && !Array.isArray(values.gives) ? [values.gives] : values.gives;
        assert.deepEqual(read([flag.name, values.good]), gives);
        assert.deepEqual(read([`${flag.name}=${values.good}`]), gives);
        assert.deepEqual(read([], { [flag.env]: values.good }), gives);
        if (!flag.required)
          assert.deepEqual(read([], { [flag.env]: '' }), read([]), 'an empty variable is unset');
      });
      it(`${flag.name}: one line and 64 for what it cannot be`, () => {
        for (const bad of VALUES[flag.name]?.bad ?? []) {
          const line = refused(() => read([`${flag.name}=${bad}`]));
          assert.ok(line.startsWith(`sluice: SLUICE_FLAG_INVALID: ${flag.name} "`), line);
          if (bad === '' || bad.includes('\0')) continue;
          assert.ok(refused(() => read([], { [flag.env]: bad })).includes(` ${flag.env} "`));
        }
      });
      it(`${flag.name}: ${flag.repeatable ? 'repeatable' : 'given twice is refused'}`, () => {
        const good = VALUES[flag.name]?.good ?? '';
        const twice = [flag.name, good, flag.name, good];
        if (!flag.repeatable)
          return void assert.match(
            refused(() => read(twice)),
            /SLUICE_FLAG_REPEATED/,
          );
        assert.equal((read(twice) as unknown[]).length, 2);
        assert.equal((read([], { [flag.env]: `${good}, ${good}` }) as unknown[]).length, 2);
      });
    }
    it('shows every flag, its variable, examples and exit codes in its help', () => {
      const invocation = parse([words[0] ?? '', '--help']);
      assert.equal(invocation.command, 'help');
      const text = invocation.text.replace(/\s+/g, ' ');
      for (const flag of Object.values(flags)) {
        assert.ok(text.includes(flag.name) && text.includes(flag.env), flag.name);
      }
      assert.match(text, /Examples:.*Exit codes:/);
    });
  });
}

describe('the command line', () => {
  it('has a variable of its own for every flag, none that Kubernetes sets for a Service', () => {
    for (const { flags } of COMMANDS) {
      const names = Object.values(flags).map(({ env }) => env);
      assert.equal(new Set(names).size, names.length);
      // Kubernetes: {SVCNAME}_SERVICE_HOST, _SERVICE_PORT[_NAME], {SVCNAME}_PORT, {SVCNAME}_PORT_443_TCP…
      for (const name of names) assert.doesNotMatch(name, /_SERVICE_HOST$|_SERVICE_PORT|_PORT$|_PORT_\d/);
    }
  });
  it('prefers the line to the environment', () => {
    assert.equal(serve('--sni-mode chain', { SLUICE_SNI_MODE: 'index' }).sniMode, 'chain');
  });
  it('suggests the flag that was meant', () => {
    assert.match(
      refused(() => serve('--xds-adress 127.0.0.1:1')),
      /--xds-adress.*Did you mean --xds-address\?/,
    );
    assert.match(
      refused(() => parse('serv')),
      /Did you mean serve\?/,
    );
  });
  it('knows no help for a command that there is not', () => {
    assert.match(
      refused(() => parse('help xyz')),
      /unknown command 'xyz'; run "sluice --help"/,
    );
    assert.equal(parse('help serve').command, 'help');
    assert.equal(parse('help').command, 'help');
  });
  it('names what a source may be, and the unit that a number lacks', () => {
    assert.match(
      refused(() => parse('serve')),
      /--source is required; add --source directory:PATH\|kubernetes or set SLUICE_SOURCE/,
    );
    assert.match(
      refused(() => serve('--idle-timeout 5')),
      /the unit is missing, as in 5s; write it as/,
    );
    assert.doesNotMatch(
      refused(() => serve('--idle-timeout 1d')),
      /unit is missing/,
    );
  });
  it('names the help of the command', () => {
    assert.match(
      refused(() => parse('translate')),
      /missing required argument.*sluice translate --help/,
    );
  });
  for (const line of [
    '',
    'nonsense',
    'serve',
    'serve extra',
    'translate',
    'translate a b',
    'bootstrap',
    'version x',
    '--xds-address',
  ]) {
    it(`refuses "${line}"`, () => void refused(() => parse(line)));
  }
  it('refuses a flag without its value', () => {
    assert.match(
      refused(() => serve('--xds-address')),
      /argument missing/,
    );
  });
  it('refuses a switch with a value that is none', () =>
    void refused(() => serve('--allow-loopback-endpoints=maybe')));
  it('keeps what was typed on one short line', () => {
    const line = refused(() => parse(['serve', `--a\n\u001b[31m${'x'.repeat(5000)}`]));
    assert.ok(line.length < 700);
    assert.ok(!line.includes('\u001b'));
  });
  it('takes port 0 to listen on, and not to connect to', () => {
    assert.deepEqual(serve('--xds-address 127.0.0.1:0 --admin-address 127.0.0.1:0').xdsAddress.port, 0);
    refused(() => parse('bootstrap --node-id a --xds-address 127.0.0.1:0'));
  });
  it('refuses one address for two servers with 78', () => {
    const line = refused(() => serve('--xds-address 127.0.0.1:1 --admin-address 127.0.0.1:1'), 78);
    assert.match(line, /SLUICE_ADDRESS_SHARED/);
  });
  it('gives the versions', () => {
    for (const line of ['version', '--version', '-V']) assert.equal(parse(line).command, 'version');
  });
  it('makes the engine configuration', () => {
    const config = engineConfig(
      serve(
        '--adopt-controller-name a.b/c --adopt-class x --adopt-class x --ingress-port 1 --ingress-port 1 --allow-loopback-endpoints --idle-timeout 0',
      ),
    );
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.gateway));
    assert.equal(config.idleTimeoutMs, 0);
    assert.deepEqual(config.gateway.controllerNames, ['sluice.dev/gateway-controller', 'a.b/c']);
    assert.deepEqual(config.gateway.adoptedClasses, ['x']);
    assert.deepEqual(config.gateway.ingressPorts, [1]);
    assert.equal(config.gateway.allowLoopbackEndpoints, true);
  });
  it('limits what a route may ask for', () => {
    const limits =
      '--max-connections-per-host 7 --max-connect-timeout 2s --max-idle-timeout 3s --host-stats off';
    const { gateway } = engineConfig(serve(limits));
    assert.equal(gateway.maxConnectionsPerHost, 7);
    assert.equal(gateway.maxConnectTimeoutMs, 2_000);
    assert.equal(gateway.maxIdleTimeoutMs, 3_000);
    assert.equal(gateway.allowHostStats, false);
    const unset = engineConfig(serve(''));
    assert.deepEqual(unset.gateway, DEFAULT_ENGINE_CONFIG.gateway);
  });
});
