/** Which of several TLSRoutes at one listener serves a host, sentence by sentence of TLSRouteSpec in the Gateway API v1.7. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gatewayObjects, tenantObjects, upserts } from '../../../test/harness/tenants.ts';
import type { KubernetesObject, TlsRoute } from '../../model/objects.ts';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { Engine } from './engine.ts';

interface Contestant {
  readonly hostnames: readonly string[];
  /** Larger is younger. */
  readonly age?: number;
}

function listening(hostname: string | undefined): KubernetesObject[] {
  return gatewayObjects().map((object) =>
    object.kind === 'Gateway'
      ? { ...object, listeners: object.listeners.map((each) => ({ ...each, hostname })) }
      : object,
  );
}

function routeOf(index: number, { hostnames, age = 0 }: Contestant): TlsRoute {
  const route = tenantObjects(index).find((object) => object.kind === 'TLSRoute');
  assert.ok(route);
  return {
    ...route,
    hostnames,
    meta: { ...route.meta, creationTimestamp: `2026-01-01T00:00:0${age}Z` },
  };
}

/** Index of the route that a connection for `host` goes to; -1 where there is none. */
function winner(listener: string | undefined, contestants: readonly Contestant[], host: string): number {
  const routes = contestants.map((contestant, index) => routeOf(index, contestant));
  const { gateway } = DEFAULT_ENGINE_CONFIG;
  // Who may claim what is another rule.
  const engine = new Engine({ ...DEFAULT_ENGINE_CONFIG, gateway: { ...gateway, wildcardClaims: 'Anyone' } });
  engine.apply(upserts([...listening(listener), ...routes]));
  const [binding] = engine.bindings;
  const served = binding?.entryFor(host)?.contenders[0]?.route.ref.name;
  return routes.findIndex(({ meta }) => meta.name === served);
}

const OLDER = 1;
const NEWER = 2;

test('"precedence must be given to … the largest number of characters in a matching non-wildcard hostname"', () => {
  const contestants = [
    { hostnames: ['*.a-very-long-label.example.com'], age: OLDER },
    { hostnames: ['x.a-very-long-label.example.com'], age: NEWER },
  ];
  assert.equal(winner('*.example.com', contestants, 'x.a-very-long-label.example.com'), 1);
  assert.equal(winner(undefined, contestants, 'x.a-very-long-label.example.com'), 1);
});

test('"… characters in a matching hostname"', () => {
  const contestants = [
    { hostnames: ['*.example.com'], age: OLDER },
    { hostnames: ['*.long.example.com'], age: NEWER },
  ];
  assert.equal(winner(undefined, contestants, 'x.long.example.com'), 1);
  assert.equal(winner(undefined, contestants, 'x.other.example.com'), 0);
});

test('"identical Listener/Route intersected hostnames … evaluate precedence using the original hostnames configured on the Route"', () => {
  const exact = [
    { hostnames: ['*.example.com'], age: OLDER },
    { hostnames: ['abc.example.com'], age: NEWER },
  ];
  assert.equal(winner('abc.example.com', exact, 'abc.example.com'), 1);
  const wildcards = [
    { hostnames: ['*.com'], age: OLDER },
    { hostnames: ['*.example.com'], age: NEWER },
  ];
  assert.equal(winner('*.example.com', wildcards, 'abc.example.com'), 1);
  assert.equal(winner('abc.example.com', wildcards, 'abc.example.com'), 1);
});

test('a route without hostnames has the least specific one', () => {
  const contestants = [
    { hostnames: [], age: OLDER },
    { hostnames: ['*.com'], age: NEWER },
  ];
  assert.equal(winner('abc.example.com', contestants, 'abc.example.com'), 1);
});

test('the older route wins where the hostnames on the routes are the same', () => {
  const contestants = [
    { hostnames: ['*.example.com'], age: NEWER },
    { hostnames: ['*.example.com'], age: OLDER },
  ];
  assert.equal(winner('abc.example.com', contestants, 'abc.example.com'), 1);
});

function matches(pattern: string, host: string): boolean {
  return pattern === '*' || pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

/** The sentences above, word for word: characters counted, without any notion of labels or intersections. */
function expectedWinner(
  listener: string | undefined,
  contestants: readonly Contestant[],
  host: string,
): number {
  if (!matches(listener ?? '*', host)) return -1;
  const characters = ({ hostnames }: Contestant, ofWildcards: boolean): number =>
    (hostnames.length === 0 ? ['*'] : hostnames)
      .filter((hostname) => matches(hostname, host) && (ofWildcards || !hostname.includes('*')))
      .reduce((most, { length }) => Math.max(most, length), 0);
  const [first] = contestants
    .map((contestant, index) => ({ contestant, index }))
    .filter(({ contestant }) => characters(contestant, true) > 0)
    .sort(
      ({ contestant: a, index: i }, { contestant: b, index: j }) =>
        characters(b, false) - characters(a, false) ||
        characters(b, true) - characters(a, true) ||
        (a.age ?? 0) - (b.age ?? 0) ||
        i - j,
    );
  return first?.index ?? -1;
}

const HOSTS = ['abc.example.com', 'x.abc.example.com', 'example.com', 'abc.example.net'];
const PATTERNS = [...HOSTS, '*.abc.example.com', '*.example.com', '*.com', '*.net'];

test('law: at one listener, whoever has most characters of the host', () => {
  const contestant = fc.record({
    hostnames: fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 }),
    age: fc.nat(2),
  });
  fc.assert(
    fc.property(
      fc.option(fc.constantFrom(...PATTERNS), { nil: undefined }),
      fc.array(contestant, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...HOSTS),
      (listener, contestants, host) => {
        assert.equal(winner(listener, contestants, host), expectedWinner(listener, contestants, host));
      },
    ),
    { numRuns: 500 },
  );
});
