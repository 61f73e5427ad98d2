import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BOOTSTRAP_FLAGS } from './bootstrap-flags.ts';
import { CERTS_FLAGS } from './certs/certs-flags.ts';
import { CliError, errorLine } from './cli-error.ts';
import { DRAIN_FLAGS } from './drain/drain-flags.ts';
import type { FlagSet } from './flag.ts';
import { engineConfig, SERVE_FLAGS, TRANSLATE_FLAGS } from './flags.ts';
import { parseInvocation } from './program.ts';

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

/** One value that parses and what it gives, and some that do not, for every flag that there is. */
const VALUES: Readonly<
  Record<string, { readonly good: string; readonly gives: unknown; readonly bad: readonly string[] }>
> = {
  '--source': {
    good: 'kubernetes',
    gives: { type: 'kubernetes' },
    bad: ['', 'directory:', 'dir:/x', '/tmp', 'directory', 'kubernetes:x', 'directory:/a\0b'],
  },
  '--xds-address': {
    good: '[::1]:8080',
    gives: { host: '::1', port: 8080 },
    bad: [
      '',
      '8080',
      ':8080',
      '127.0.0.1',
      '127.0.0.1:',
      '127.0.0.1:65536',
      '127.0.0.1:-1',
      '127.0.0.1:1e3',
      '127.0.0.1:0x50',
      '127.0.0.1:80 80',
      '10.0.0.300:80',
      '1:2:3',
      '::1:8080',
      '[::1]',
      '[]:80',
      '[127.0.0.1]:80',
      '[::1%eth0]:80',
      'http://x:80',
      'a b:80',
      '-x:80',
      'x\n:80',
    ],
  },
  '--xds-tls-cert': { good: '/tls/tls.crt', gives: '/tls/tls.crt', bad: ['', 'a\0b'] },
  '--xds-tls-key': { good: '/tls/tls.key', gives: '/tls/tls.key', bad: ['', 'a\0b'] },
  '--xds-tls-client-ca': { good: '/tls/ca.crt', gives: '/tls/ca.crt', bad: ['', 'a\0b'] },
  '--xds-tls-cert-file': { good: '/tls/tls.crt', gives: '/tls/tls.crt', bad: ['', 'a\0b'] },
  '--xds-tls-key-file': { good: '/tls/tls.key', gives: '/tls/tls.key', bad: ['', 'a\0b'] },
  '--xds-tls-ca-file': { good: '/tls/ca.crt', gives: '/tls/ca.crt', bad: ['', 'a\0b'] },
  '--xds-server-name': { good: 'Sluice.Svc', gives: 'sluice.svc', bad: ['', 'a:80', '*.svc', '10.0.0.300'] },
  '--xds-allowed-client': {
    good: 'Sluice-Envoy.',
    gives: ['sluice-envoy'],
    bad: ['', '*', '*.example.com', 'a b', 'a_b', 'spiffe://a b', 'spiffe:'],
  },
  '--out': { good: '/certs', gives: '/certs', bad: ['', 'a\0b'] },
  '--hosts': {
    good: 'Sluice.Example.com.',
    gives: ['sluice.example.com'],
    bad: ['', '*.a.b', 'a_b', 'a b', '10.0.0.300', 'x:80'],
  },
  '--client-name': {
    good: 'spiffe://example.com/gateway',
    gives: 'spiffe://example.com/gateway',
    bad: ['', '*', 'a b', 'a,b'],
  },
  '--days': { good: '90', gives: 90, bad: ['', '0', '3651', '1y', '-1'] },
  '--metrics-address': {
    good: '10.0.0.1:15002',
    gives: { host: '10.0.0.1', port: 15_002 },
    bad: ['', '15002', ':15002', '10.0.0.1:0'],
  },
  '--envoy-admin': {
    good: '127.0.0.1:15000',
    gives: { host: '127.0.0.1', port: 15_000 },
    bad: ['15000', 'x:', '127.0.0.1:0'],
  },
  '--hook-address': {
    good: '127.0.0.1:0',
    gives: { host: '127.0.0.1', port: 0 },
    bad: ['15001', 'x:', '127.0.0.1:70000'],
  },
  '--unready-time': { good: '0', gives: 0, bad: ['', '11m', '-1s', '5'] },
  '--timeout': { good: '1h', gives: 3_600_000, bad: ['', '25h', '-1s', '5'] },
  '--admin-address': {
    good: 'localhost:9090',
    gives: { host: 'localhost', port: 9090 },
    bad: ['localhost', 'localhost:http', 'localhost:99999'],
  },
  '--kubeconfig': { good: '/etc/kubeconfig', gives: '/etc/kubeconfig', bad: ['', 'a\0b'] },
  '--context': { good: 'prod@eu', gives: 'prod@eu', bad: ['', 'a b', 'x'.repeat(254)] },
  '--gateway-api-channel': {
    good: 'standard',
    gives: 'standard',
    bad: ['', 'Standard', 'stable', 'any,standard'],
  },
  '--sni-mode': { good: 'chain', gives: 'chain', bad: ['', 'Chain', 'chains', 'index,chain'] },
  '--adopt-controller-name': {
    good: 'higress.io/gateway-controller',
    gives: ['higress.io/gateway-controller'],
    bad: ['', 'higress.io', '/x', 'higress.io/', 'Higress.io/x', 'a b/c'],
  },
  '--adopt-class': {
    good: 'higress',
    gives: ['higress'],
    bad: ['', 'Higress', 'a/b', 'a_b', '-a', 'a'.repeat(300)],
  },
  '--listen-address': {
    good: '2001:DB8::0:1',
    gives: ['2001:db8::1'],
    bad: ['', 'localhost', '0.0.0.0:443', '[::]', '10.0.0', '10.0.0.0/8', '01.2.3.4'],
  },
  '--gateway-namespace': { good: 'infra', gives: ['infra'], bad: ['', 'In fra', 'a.b', 'a'.repeat(64)] },
  '--listener-set-port': { good: '6443', gives: [6443], bad: ['', '0', '65536', 'https'] },
  '--deny-endpoint': { good: '10.96.0.0/12', gives: ['10.96.0.0/12'], bad: ['', 'x', '10.96.0.1/12'] },
  '--address-pool': {
    good: '203.0.113.0/28',
    gives: ['203.0.113.0/28'],
    bad: ['', 'x', '203.0.113.1/28', '203.0.113.0/33', '203.0.113.0/', '203.0.113', '::1/127/1'],
  },
  '--status-rate': { good: '200', gives: 200, bad: ['', '0', '-1', '10001', '1.5', 'fast'] },
  '--gateway-address': {
    good: '203.0.113.7',
    gives: ['203.0.113.7'],
    bad: ['', 'gw.example.com', '203.0.113.7:443', '203.0.113.0/28'],
  },
  '--leader-election': { good: 'off', gives: false, bad: ['', 'true', 'no'] },
  '--leader-election-namespace': {
    good: 'ingress',
    gives: 'ingress',
    bad: ['', 'Ingress', 'a.b', '-a', 'a/b', 'x'.repeat(64)],
  },
  '--ingress-port': {
    good: '8443',
    gives: [8443],
    bad: ['', '0', '65536', '-1', '443.0', '4e2', 'https', '0x1bb', ' '],
  },
  '--access-log': { good: 'off', gives: false, bad: ['', 'true', 'no', 'ON'] },
  '--idle-timeout': {
    good: '1h30m',
    gives: 5_400_000,
    bad: ['', '1', '-1s', '1d', '1.5h', '0.5s', '999ms', '721h', 'never', '1e3s', '99999999h'],
  },
  '--client-hello-timeout': { good: '15s', gives: 15_000, bad: ['', '0', '99ms', '6m', '15'] },
  '--connect-timeout': { good: '250ms', gives: 250, bad: ['', '0', '9ms', '6m', '5 s'] },
  '--max-connections-per-host': { good: '5000', gives: 5000, bad: ['', '0', '-5', '1e4', '10000001', '5k'] },
  '--drain-timeout': { good: '0', gives: 0, bad: ['', '11m', '-1s', '5'] },
  '--log-level': { good: 'debug', gives: 'debug', bad: ['', 'verbose', 'DEBUG', '20'] },
  '--log-format': { good: 'pretty', gives: 'pretty', bad: ['', 'text', 'JSON'] },
  '--output': { good: 'json', gives: 'json', bad: ['', 'yml', 'YAML'] },
  '--host': {
    good: 'Demo.Example.com.',
    gives: 'demo.example.com',
    bad: ['', '*.a.b', '*', 'a_b.c', '1.2.3.4', 'a..b'],
  },
  '--node-id': { good: 'gw-node-1', gives: 'gw-node-1', bad: ['', 'a b', 'a\nb', 'x'.repeat(254), 'ä'] },
  '--max-heap': {
    good: '512MiB',
    gives: 536_870_912,
    bad: ['', '0', '512', '1MiB', '2GB', '2TiB', '1.5GiB'],
  },
  '--max-connections': { good: '5000', gives: 5000, bad: ['', '0', '-1', '5k'] },
  '--access-log-percent': { good: '0', gives: 0, bad: ['', '101', '-1', '50%', '0.5'] },
  '--envoy-admin-address': {
    good: '127.0.0.1:15000',
    gives: { host: '127.0.0.1', port: 15_000 },
    bad: ['15000', 'x:', '127.0.0.1:70000'],
  },
};

const COMMANDS: readonly {
  readonly words: readonly string[];
  readonly flags: FlagSet;
  readonly needs: Env;
}[] = [
  { words: ['serve'], flags: SERVE_FLAGS, needs: { '--source': 'directory:.' } },
  { words: ['translate', 'x'], flags: TRANSLATE_FLAGS, needs: {} },
  { words: ['certs'], flags: CERTS_FLAGS, needs: { '--out': '/certs' } },
  { words: ['drain'], flags: DRAIN_FLAGS, needs: {} },
  { words: ['bootstrap'], flags: BOOTSTRAP_FLAGS, needs: { '--node-id': 'a' } },
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
      refused(() => parse('help nope')),
      /unknown command 'nope'; run "sluice --help"/,
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
});
