import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ingress, ingressRule, tlsRoute } from '../../../gateway/test-objects.ts';
import type { ObjectEvent } from '../../../model/events.ts';
import type { Ingress, TlsRoute } from '../../../model/objects.ts';
import { World } from '../../../snapshot/world/world.ts';
import { RouteNames } from './route-names.ts';

function names(...routes: readonly (TlsRoute | Ingress)[]) {
  const world = new World();
  const found = new RouteNames(world);
  const apply = (event: ObjectEvent): void => {
    world.applyEvent(event);
    found.objectsChanged([event]);
  };
  for (const object of routes) apply({ type: 'upsert', object });
  const naming = async (host: string): Promise<readonly string[]> =>
    (await found.naming(host)).map(({ kind, meta }) => `${kind} ${meta.name}`).sort();
  return { apply, naming };
}

const route = (name: string, ...hostnames: readonly string[]): TlsRoute =>
  tlsRoute({ hostnames, path: `a/${name}` });

describe('routes by name', () => {
  it('are those with the host, with a wildcard above it, and with it in what was written', async () => {
    const { naming } = names(
      route('exact', 'demo.example.com', 'other.example.com'),
      route('upper', 'DEMO.Example.com.'),
      route('wildcard', '*.example.com'),
      route('far', '*.com'),
      route('url', 'https://demo.example.com/path'),
      route('port', 'demo.example.com:443'),
      route('other', 'demo.example.org'),
      route('longer', 'a.demo.example.com'),
      ingress({ rules: [ingressRule('demo.example.com')], path: 'a/ingress' }),
    );
    assert.deepEqual(await naming('demo.example.com'), [
      'Ingress ingress',
      'TLSRoute exact',
      'TLSRoute far',
      'TLSRoute port',
      'TLSRoute upper',
      'TLSRoute url',
      'TLSRoute wildcard',
    ]);
    assert.deepEqual(await naming('nobody.example.net'), []);
    assert.deepEqual(await naming('*'), []);
  });

  it('follow changes, from the first question on', async () => {
    const { apply, naming } = names(route('one', 'a.example.com'));
    apply({ type: 'upsert', object: route('two', 'a.example.com') });
    assert.deepEqual(await naming('a.example.com'), ['TLSRoute one', 'TLSRoute two']);
    apply({ type: 'upsert', object: route('two', 'b.example.com') });
    apply({ type: 'delete', ref: { kind: 'TLSRoute', namespace: 'a', name: 'one' } });
    assert.deepEqual(await naming('a.example.com'), []);
    assert.deepEqual(await naming('b.example.com'), ['TLSRoute two']);
  });

  it('miss nothing that changes while they are gone through', async () => {
    const { apply, naming } = names(route('one', 'a.example.com'));
    const asked = naming('b.example.com');
    apply({ type: 'upsert', object: route('one', 'b.example.com') });
    assert.deepEqual(await asked, ['TLSRoute one']);
    assert.deepEqual(await naming('a.example.com'), []);
  });
});
