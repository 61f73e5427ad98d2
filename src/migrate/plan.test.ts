import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FOREIGN_ANNOTATIONS } from '../model/foreign-annotations.ts';
import { findingOf, ingress, NGINX, planOf, served, service } from './test-plan.ts';

describe('Ingresses of ingress-nginx', () => {
  it('become TLSRoutes, hosts of one backend together, and one Gateway', () => {
    const plan = planOf([
      ingress('web', NGINX, [
        ['A.example.com', ['/', 'api', 'https']],
        ['b.example.com', ['/', 'api', 443]],
        ['c.example.com', ['/', 'other', 443]],
      ]),
      service('api'),
      service('other'),
    ]);
    assert.deepEqual(served(plan), {
      'a.example.com': ['api:443'],
      'b.example.com': ['api:443'],
      'c.example.com': ['other:443'],
    });
    assert.deepEqual(
      plan.manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
      ['Gateway infra/gw', 'TLSRoute shop/web.api.443', 'TLSRoute shop/web.other.443'],
    );
    assert.equal(
      plan.findings.some(({ matters }) => matters === 'much'),
      false,
    );
  });
  it('are left alone where they ask for no passthrough, and told of where nobody can read what they ask', () => {
    const none = planOf([ingress('web', {}, [['a.example.com', ['/', 'api', 443]]])]);
    assert.deepEqual([none.manifests, none.findings], [[], []]);
    const odd = { 'nginx.ingress.kubernetes.io/ssl-passthrough': 'yes' };
    const plan = planOf([ingress('web', odd, [['a.example.com', ['/', 'api', 443]]])]);
    assert.deepEqual(plan.manifests, []);
    assert.match(plan.findings[0]?.text ?? '', /"yes" is neither true nor false/);
  });
  it('of a class of Sluice itself are none of its business', () => {
    const ours = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'old' },
      spec: { controller: 'sluice.dev/gateway-controller' },
    };
    assert.deepEqual(planOf([ours, ingress('web', NGINX, [['a.example.com', ['/', 'api', 443]]])]).hosts, []);
  });
  it('say of every annotation what becomes of it', () => {
    const known = FOREIGN_ANNOTATIONS.filter(({ owner }) => owner === 'ingress-nginx').map(
      ({ name }) => name,
    );
    const annotations = {
      ...Object.fromEntries(known.map((name) => [name, 'x'])),
      ...NGINX,
      'nginx.ingress.kubernetes.io/new-one': 'x',
      'sluice.dev/max-connections': '7',
      'external-dns.alpha.kubernetes.io/ttl': '60',
      'external-dns.alpha.kubernetes.io/target': 'lb.example.com',
      'cert-manager.io/cluster-issuer': 'le',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const plan = planOf([ingress('web', annotations, [['a.example.com', ['/', 'api', 443]]])]);
    const told = plan.findings.map(({ field }) => field);
    for (const name of Object.keys(annotations))
      assert.equal(told.includes(`metadata.annotations[${name}]`), !name.startsWith('kubectl'), name);
    assert.equal(findingOf(plan, 'nginx.ingress.kubernetes.io/whitelist-source-range')?.matters, 'some');
    assert.equal(findingOf(plan, 'nginx.ingress.kubernetes.io/new-one')?.fate, 'lost');
    assert.deepEqual(plan.manifests[1]?.metadata.annotations, {
      'external-dns.alpha.kubernetes.io/ttl': '60',
      'sluice.dev/max-connections': '7',
      'sluice.dev/migrated-from': 'Ingress shop/web',
    });
  });
  it('keep external-dns away until they are told to publish', () => {
    const objects = [ingress('web', NGINX, [['a.example.com', ['/', 'api', 443]]])];
    const held = planOf(objects, { holdsDns: true }).manifests[1]?.metadata.annotations ?? {};
    // The first is read by external-dns before v0.22, the second since then.
    const names = ['external-dns.alpha.kubernetes.io/controller', 'external-dns.kubernetes.io/controller'];
    for (const name of names) assert.equal(held[name], 'sluice-migrate');
    const published = planOf(objects).manifests[1]?.metadata.annotations ?? {};
    for (const name of names) assert.equal(name in published, false);
    // What is published stays so, or its hosts would go out of DNS; what is new is held.
    const again = planOf([...objects, ...planOf(objects).manifests], { holdsDns: undefined });
    assert.deepEqual(again.manifests[1]?.metadata.annotations, published);
    const fresh = planOf(objects, { holdsDns: undefined });
    assert.deepEqual(fresh.manifests[1]?.metadata.annotations, held);
    const stillHeld = planOf([...objects, ...fresh.manifests], { holdsDns: undefined });
    assert.deepEqual(stillHeld.manifests[1]?.metadata.annotations, held);
    // After the cut-over the old object is kept from external-dns: its TLSRoute must not be.
    for (const name of names) {
      const moved = [ingress('web', { ...NGINX, [name]: 'none' }, [['a.example.com', ['/', 'api', 443]]])];
      assert.deepEqual(planOf(moved).manifests[1]?.metadata.annotations, published);
      assert.equal(findingOf(planOf(moved), name)?.fate, 'replaced');
    }
  });
});

describe('bad input', () => {
  it('a host twice: the oldest has it, whatever the order', () => {
    const young = ingress('a', NGINX, [['x.example.com', ['/', 'young', 443]]], {
      created: '2026-02-01T00:00:00Z',
    });
    const old = ingress('b', NGINX, [['x.example.com', ['/', 'old', 443]]], {
      created: '2025-02-01T00:00:00Z',
    });
    for (const objects of [
      [young, old],
      [old, young],
    ]) {
      const plan = planOf(objects);
      assert.deepEqual(served(plan), { 'x.example.com': ['old:443'] });
      assert.match(
        findingOf(plan, 'host x.example.com')?.text ?? '',
        /^Ingress shop\/b has it, as it had before/,
      );
      assert.equal(findingOf(plan, 'host x.example.com')?.matters, 'some');
    }
    const ageless = planOf([
      ingress('a', NGINX, [['x.example.com', ['/', 'one', 443]]]),
      ingress('b', NGINX, [['x.example.com', ['/', 'other', 443]]]),
    ]);
    assert.deepEqual(served(ageless), { 'x.example.com': ['one:443'] });
    assert.equal(findingOf(ageless, 'host x.example.com')?.matters, 'much');
    const same = planOf([
      ingress('a', NGINX, [['x.example.com', ['/', 'api', 443]]]),
      ingress('b', NGINX, [['x.example.com', ['/', 'api', 443]]]),
    ]);
    assert.equal(findingOf(same, 'host x.example.com')?.matters, 'no');
  });
  it('paths and regular expressions: the path / takes the host, and nothing is shared out', () => {
    const plan = planOf([
      ingress('web', { ...NGINX, 'nginx.ingress.kubernetes.io/use-regex': 'true' }, [
        ['a.example.com', ['/api/.*', 'other', 443, 'ImplementationSpecific'], ['/', 'api', 443]],
        ['b.example.com', ['/v[0-9]+', 'other', 443, 'ImplementationSpecific']],
      ]),
    ]);
    assert.deepEqual(served(plan), { 'a.example.com': ['api:443'], 'b.example.com': ['other:443'] });
    assert.equal(findingOf(plan, 'paths of host a.example.com')?.matters, 'no');
    assert.match(findingOf(plan, 'host b.example.com')?.text ?? '', /had no backend/);
    assert.equal(findingOf(plan, 'host b.example.com')?.matters, 'much');
  });
  it('a host whose paths are spread over Ingresses goes to the path /, whatever their ages', () => {
    const plan = planOf([
      ingress('admin', NGINX, [['x.example.com', ['/admin', 'admin', 443]]], {
        created: '2025-02-01T00:00:00Z',
      }),
      ingress('web', NGINX, [['x.example.com', ['/', 'web', 443]]], { created: '2026-02-01T00:00:00Z' }),
    ]);
    assert.deepEqual(served(plan), { 'x.example.com': ['web:443'] });
    const told = plan.findings.filter(({ field }) => field === 'host x.example.com');
    assert.deepEqual(
      told.map(({ object, matters }) => [object, matters]),
      [['Ingress shop/admin', 'no']],
    );
    assert.match(told[0]?.text ?? '', /^Ingress shop\/web has it, as it had before, by its path \/\.$/);
  });
  it('a host whose path / an older Ingress has that does not ask for passthrough', () => {
    const asks = (path: string) =>
      ingress('web', NGINX, [['x.example.com', [path, 'web', 443]]], { created: '2026-02-01T00:00:00Z' });
    const silent = (created: string, spec: object = {}) =>
      ingress('a', {}, [['X.example.com', ['/', 'other', 443]]], { created, spec });
    const told = (...objects: object[]) =>
      planOf(objects).findings.some(
        ({ text, matters }) => matters === 'much' && /^Ingress shop\/a has its path/.test(text),
      );
    assert.equal(told(asks('/'), silent('2025-02-01T00:00:00Z')), true);
    assert.equal(told(asks('/'), silent('2026-03-01T00:00:00Z')), false);
    assert.equal(told(asks('/v1'), silent('2026-03-01T00:00:00Z')), true);
    assert.equal(told(asks('/'), silent('2025-02-01T00:00:00Z', { ingressClassName: 'another' })), false);
  });
  it('a canary takes no host, however old it is', () => {
    const canary = { ...NGINX, 'nginx.ingress.kubernetes.io/canary': 'true' };
    const plan = planOf([
      ingress('a-canary', canary, [['x.example.com', ['/', 'next', 443]]], {
        created: '2025-02-01T00:00:00Z',
      }),
      ingress('web', NGINX, [['x.example.com', ['/', 'web', 443]]], { created: '2026-02-01T00:00:00Z' }),
    ]);
    assert.deepEqual(served(plan), { 'x.example.com': ['web:443'] });
    assert.match(
      findingOf(plan, 'nginx.ingress.kubernetes.io/canary')?.text ?? '',
      /nothing through to a canary/,
    );
    assert.equal(findingOf(plan, 'host x.example.com'), undefined);
    const none = { ...NGINX, 'nginx.ingress.kubernetes.io/canary': 'false' };
    assert.deepEqual(served(planOf([ingress('web', none, [['x.example.com', ['/', 'web', 443]]])])), {
      'x.example.com': ['web:443'],
    });
  });
  it('hosts that are none, rules without a host, no backend', () => {
    const plan = planOf([
      ingress('web', NGINX, [
        ['~^a.*$', ['/', 'api', 443]],
        [undefined, ['/', 'api', 443]],
        ['10.0.0.1', ['/', 'api', 443]],
        ['a.example.com'],
      ]),
    ]);
    assert.deepEqual(plan.manifests, []);
    assert.deepEqual(
      plan.hosts.map(({ host, route }) => [host, route]),
      [['a.example.com', undefined]],
    );
    assert.equal(plan.findings.filter(({ matters }) => matters === 'much').length, 3);
  });
  it('Services that are missing, or have no such port', () => {
    const plan = planOf([
      ingress('web', NGINX, [
        ['a.example.com', ['/', 'gone', 443]],
        ['b.example.com', ['/', 'gone', 'https']],
        ['c.example.com', ['/', 'api', 7]],
        ['d.example.com', ['/', 'api', 'nope']],
      ]),
      service('api'),
    ]);
    assert.deepEqual(served(plan), { 'a.example.com': ['gone:443'], 'c.example.com': ['api:7'] });
    const texts = plan.findings.map(({ text }) => text).join('\n');
    for (const part of [/gone is not there/, /no port 7/, /no port nope that is known here/])
      assert.match(texts, part);
    // Nothing is known of Services where none was read.
    const unread = planOf([ingress('web', NGINX, [['a.example.com', ['/', 'gone', 443]]])]);
    assert.equal(
      unread.findings.some(({ matters }) => matters === 'much'),
      false,
    );
  });
  it('Ingresses of a version that no cluster serves, and annotations without quotes, are told of', () => {
    const good = ingress('web', NGINX, [['a.example.com', ['/', 'api', 443]]]) as Record<string, unknown>;
    const old = planOf([{ ...good, apiVersion: 'networking.k8s.io/v1beta1' }]);
    assert.deepEqual([old.manifests, findingOf(old, 'apiVersion')?.matters], [[], 'much']);
    const [name = ''] = Object.keys(NGINX);
    const metadata = { name: 'web', annotations: { [name]: true } };
    const unquoted = planOf([{ ...good, metadata }]);
    assert.deepEqual(unquoted.manifests, []);
    assert.match(findingOf(unquoted, name)?.text ?? '', /takes true without quotes.*write "true"/);
    assert.deepEqual(
      planOf([{ ...good, metadata: { name: 'web', annotations: { other: true } } }]).findings,
      [],
    );
  });
  it('objects that are there twice, and objects that are nonsense', () => {
    const twice = ingress('web', NGINX, [['a.example.com', ['/', 'api', 443]]]);
    assert.match(planOf([twice, twice]).findings[0]?.text ?? '', /there twice/);
    const nonsense = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'x', annotations: NGINX },
      spec: { rules: [null, 7, { host: 5 }, { host: 'a.example.com', http: { paths: 'x' } }], tls: 'x' },
    };
    assert.deepEqual(planOf([nonsense]).manifests, []);
  });
  it('more hosts than a namespace may have', () => {
    const hosts = Array.from(
      { length: 1_001 },
      (_, index) => [`h${index}.example.com`, ['/', 'api', 443]] as const,
    );
    const plan = planOf([ingress('web', NGINX, hosts)]);
    // A TLSRoute takes no more than so many hosts.
    assert.deepEqual(
      plan.manifests.map(({ metadata: { name } }) => name),
      ['gw', 'web.api.443', 'web.api.443.1'],
    );
    assert.match(
      findingOf(plan, 'sluice.dev/budget-hosts')?.text ?? '',
      /It would have 1001 hosts, and Sluice serves 1000/,
    );
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', annotations: { 'sluice.dev/budget-hosts': '2000' } },
    };
    assert.equal(
      findingOf(planOf([namespace, ingress('web', NGINX, hosts)]), 'sluice.dev/budget-hosts'),
      undefined,
    );
  });
  it('says once more what it would make, and nothing else', () => {
    const objects = [ingress('web', NGINX, [['a.example.com', ['/', 'api', 443]]])];
    const first = planOf(objects);
    const again = planOf([...objects, ...first.manifests]);
    assert.deepEqual(again, first);
    const gone = planOf(first.manifests);
    assert.deepEqual(gone.stale, ['TLSRoute shop/web.api.443', 'Gateway infra/gw']);
  });
  it('leaves a Gateway alone that it did not make', () => {
    const gateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gw', namespace: 'infra' },
      spec: { gatewayClassName: 'other', listeners: [] },
    };
    const plan = planOf([gateway, ingress('web', NGINX, [['a.example.com', ['/', 'api', 443]]])]);
    assert.deepEqual(
      plan.manifests.map(({ kind }) => kind),
      ['TLSRoute'],
    );
    assert.match(plan.findings.at(-1)?.text ?? '', /stays as it is/);
  });
});
