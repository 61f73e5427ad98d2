/** `sluice explain` names the cause of each of the fifteen broken set-ups in its first three lines, with one command. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { readFlags } from '../../../src/cli/flag.ts';
import { engineConfig, SERVE_FLAGS } from '../../../src/cli/flags.ts';
import { explain } from '../../../src/cli/operator/commands/explain.ts';
import { EXPLAIN_FLAGS } from '../../../src/cli/operator/operator-flags.ts';
import { ControlPlane } from '../../../src/cli/serve/control-plane.ts';
import { createSource } from '../../../src/cli/source.ts';
import { until } from '../../harness/until.ts';
import { BROKEN } from './table.ts';

/** What has to be said of each, by its host. */
const CAUSES: Readonly<Record<string, RegExp>> = {
  'no-service.example.com': /Service tenant\/no-service does not exist/,
  'no-grant.example.com': /No ReferenceGrant in namespace planes allows the reference to Service api/,
  'core-grant.example.com': /its to\.group is "core" and must be ""/,
  'wrong-port.example.com': /Service tenant\/good has no port 443/,
  'no-endpoints.example.com': /no EndpointSlice of Service tenant\/no-endpoints/,
  'unready.example.com': /none of 1 endpoints of Service tenant\/unready is ready/,
  'refused.example.com': /is refused: "169\.254\.169\.254" \(a link-local address\)/,
  'other-name.example.com': /port tls of Service tenant\/other-name is in no EndpointSlice, they have: https/,
  'udp.example.com': /port tls of Service tenant\/udp is UDP in its EndpointSlices and not TCP/,
  'zero-weight.example.com': /there is no backend with a weight above 0/,
  'external.example.com': /of type ExternalName, which is not supported/,
  'other-domain.example.net': /No hostname of the route .* matches one of the listeners/,
  'api.partners.example.com': /No listener allows routes of this kind from this namespace/,
  'good.example.com': /also wanted by TLSRoute tenant\/taken, which is younger/,
  'twin.example.com': /More than one listener on port 8443 has the hostname "twin\.example\.com"/,
};

let plane: ControlPlane;

before(async () => {
  const directory = path.join(import.meta.dirname, 'in');
  const config = readFlags(SERVE_FLAGS, { source: [`directory:${directory}`] }, {});
  const logger = pino({ enabled: false });
  plane = await ControlPlane.start({
    source: createSource(config.source, logger, config),
    engine: engineConfig(config),
    xdsAddress: { host: '127.0.0.1', port: 0 },
    adminAddress: { host: '127.0.0.1', port: 0 },
    drainTimeoutMs: 100,
    logger,
  });
  await until(() => plane.engine.resources.ready, { what: 'all read' });
});
after(() => plane?.stop());

async function explained(host: string): Promise<{ readonly text: string; readonly exitCode: number }> {
  const given = { server: [`http://127.0.0.1:${plane.adminPort}`] };
  const { stdout, exitCode } = await explain(host, readFlags(EXPLAIN_FLAGS, given, {}), () => {});
  return { text: stdout, exitCode };
}

test('there is a cause to look for of each broken set-up', () => {
  assert.deepEqual(Object.keys(CAUSES).sort(), BROKEN.map(([, , host]) => host).sort());
});

for (const [what, , host] of BROKEN) {
  test(`${what}: the cause is in the first three lines`, async () => {
    const { text, exitCode } = await explained(host);
    const lines = text.split('\n').slice(0, 3);
    assert.match(lines.join('\n'), CAUSES[host] ?? /^$/);
    assert.equal(exitCode, 2);
    const verdict = host === 'good.example.com' ? /^good\.example\.com: served by a route/ : /: not served: /;
    assert.match(lines[0] ?? '', verdict);
  });
}

test('a name that nobody has: the nearest one, and what would take it', async () => {
  const { text } = await explained('goood.example.com');
  assert.match(text, /^goood\.example\.com: not served: no route has this name\n/);
  assert.match(text, /the nearest names that there are: good\.example\.com/);
  assert.match(text, /a route with this hostname could attach to listener tls/);
});

test('what is no name of a host is said so, with what to type instead', async () => {
  for (const [given, said] of [
    ['10.0.0.1', /is an address/],
    ['[2001:db8::1]', /is an address/],
    ['*.example.com', /is a wildcard, which no client asks for; give a name below it, as demo\.example\.com/],
    ['https://good.example.com/healthz', /give good\.example\.com/],
    ['good.example.com:443', /give good\.example\.com/],
    ['a b', /is no host name/],
    ['', /no host name is given/],
  ] as const)
    await assert.rejects(explained(given), { code: 'SLUICE_HOST_INVALID', message: said });
});

test('a dot at the end, capitals and Unicode are the name that is meant', async () => {
  assert.match((await explained('GOOD.example.com.')).text, /^good\.example\.com: served by a route/);
  assert.match((await explained('bücher.example.com')).text, /^xn--bcher-kva\.example\.com: not served/);
});
