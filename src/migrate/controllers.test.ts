import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findingOf, ingress, NGINX, planOf, served, service } from './test-plan.ts';

const isMuch = (plan: ReturnType<typeof planOf>): boolean =>
  plan.findings.some(({ matters }) => matters === 'much');

describe('Ingresses of Higress', () => {
  it("are read by either annotation, ingress-nginx's first, and lose what passthrough followed", () => {
    const higress = { 'higress.io/ssl-passthrough': 'true' };
    const plan = planOf([
      ingress('web', { ...higress, 'higress.io/destination': 'a.svc:443' }, [
        ['*.example.com', ['/', 'api', 443]],
      ]),
    ]);
    assert.deepEqual(served(plan), { '*.example.com': ['api:443'] });
    assert.equal(plan.hosts[0]?.controller, 'Higress');
    assert.equal(findingOf(plan, 'higress.io/destination')?.matters, 'some');
    const both = { ...higress, 'nginx.ingress.kubernetes.io/ssl-passthrough': 'false' };
    const ofClass = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'old' },
      spec: { controller: 'higress.io/higress-controller' },
    };
    assert.deepEqual(
      planOf([ofClass, ingress('web', both, [['a.example.com', ['/', 'api', 443]]])]).hosts,
      [],
    );
  });
});

describe('Ingresses of Higress, by host', () => {
  const higress = { 'higress.io/ssl-passthrough': 'true' };
  it('are those with a path / of any type', () => {
    const exact = planOf([ingress('web', higress, [['a.example.com', ['/', 'api', 443, 'Exact']]])]);
    assert.deepEqual(served(exact), { 'a.example.com': ['api:443'] });
    assert.equal(isMuch(exact), false);
    const without = planOf([ingress('web', higress, [['a.example.com', ['/v1', 'api', 443]]])]);
    assert.match(findingOf(without, 'host a.example.com')?.text ?? '', /no host without a path \//);
    assert.equal(isMuch(without), true);
  });
  it('are not those of a canary', () => {
    for (const name of ['nginx.ingress.kubernetes.io/canary', 'higress.io/canary']) {
      const plan = planOf([
        ingress('a-canary', { ...higress, [name]: 'true' }, [['a.example.com', ['/', 'next', 443]]]),
        ingress('web', higress, [['a.example.com', ['/', 'api', 443]]]),
      ]);
      assert.deepEqual(served(plan), { 'a.example.com': ['api:443'] });
      assert.match(findingOf(plan, name)?.text ?? '', /^Higress passed nothing/);
    }
  });
});

describe('Ingresses of HAProxy', () => {
  it('carry times over and say which lists are no longer in force', () => {
    for (const prefix of [
      'haproxy.org/',
      'haproxy.com/',
      'haproxy-ingress.github.io/',
      'ingress.kubernetes.io/',
    ]) {
      const annotations = {
        [`${prefix}ssl-passthrough`]: 'true',
        [`${prefix}timeout-server`]: '50000',
        [`${prefix}timeout-connect`]: '5s',
        [`${prefix}allow-list`]: '10.0.0.0/8',
        [`${prefix}send-proxy-protocol`]: 'proxy',
        [`${prefix}rate-limit-requests`]: '10',
      };
      const plan = planOf([ingress('web', annotations, [['a.example.com', ['/', 'api', 443]]])]);
      assert.deepEqual(plan.manifests[1]?.metadata.annotations, {
        'sluice.dev/connect-timeout': '5s',
        'sluice.dev/migrated-from': 'Ingress shop/web',
      });
      assert.equal(findingOf(plan, `${prefix}allow-list`)?.matters, 'much');
      assert.match(findingOf(plan, `${prefix}timeout-server`)?.text ?? '', /24 h unless/);
      assert.equal(findingOf(plan, `${prefix}send-proxy-protocol`)?.matters, 'much');
      assert.equal(findingOf(plan, `${prefix}rate-limit-requests`)?.matters, 'no');
    }
  });
});

const route = (name: string, routes: readonly object[], tls: object = { passthrough: true }): object => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'IngressRouteTCP',
  metadata: { name, namespace: 'shop' },
  spec: { entryPoints: ['websecure'], routes, tls },
});

describe('IngressRouteTCPs of Traefik', () => {
  it('become TLSRoutes with weights', () => {
    const plan = planOf([
      route('web', [
        {
          match: 'HostSNI(`a.example.com`) || HostSNI(`b.example.com`)',
          services: [
            { name: 'api', port: 443, weight: 3 },
            { name: 'other', port: 'https', weight: 1 },
          ],
        },
      ]),
      service('api'),
      service('other', 8443),
    ]);
    const weighted = ['api:443*3', 'other:8443*1'];
    assert.deepEqual(served(plan), { 'a.example.com': weighted, 'b.example.com': weighted });
    assert.equal(isMuch(plan), false);
    assert.deepEqual(planOf([route('web', [], { secretName: 'x' })]).hosts, []);
  });
  it('make nothing of a Service, or in a namespace, of which the name is none', () => {
    const match = 'HostSNI(`a.example.com`)';
    for (const name of ['../../../../api/v1/namespaces/infra/configmaps/x', 'x?force=true#', 'a b', 'A']) {
      const plan = planOf([route('web', [{ match, services: [{ name, port: 443 }] }])]);
      assert.deepEqual(served(plan), {});
      assert.equal(plan.hosts[0]?.route, undefined);
      assert.match(findingOf(plan, 'metadata.name')?.text ?? '', /no object can have that name/);
    }
    const elsewhere = {
      ...route('web', [{ match, services: [{ name: 'api', port: 443 }] }]),
      metadata: { name: 'web', namespace: 'shop/../infra' },
    };
    const plan = planOf([elsewhere]);
    assert.deepEqual(served(plan), {});
    assert.match(findingOf(plan, 'metadata.namespace')?.text ?? '', /no object can have that namespace/);
  });
  it('that match more than names are not made, and what they kept out is told', () => {
    const services = [{ name: 'api', port: 443 }];
    for (const match of [
      'HostSNIRegexp(`^.+\\.example\\.com$`)',
      'HostSNI(`a.example.com`) && ClientIP(`10.0.0.0/8`)',
      '!HostSNI(`a.example.com`)',
      'HostSNI(`*`)',
      'ALPN(`h2`)',
      '',
    ]) {
      const plan = planOf([route('web', [{ match, services }])]);
      assert.deepEqual(plan.manifests, [], match);
      assert.equal(isMuch(plan), true, match);
    }
    const plan = planOf([
      route('web', [
        {
          match: 'HostSNI(`a.example.com`)',
          services: [{ ...services[0], proxyProtocol: { version: 2 } }],
          middlewares: [{ name: 'ips' }],
        },
        { match: 'HostSNI(`a.example.com`)', services: [{ name: 'first', port: 443 }], priority: 100 },
      ]),
    ]);
    assert.deepEqual(served(plan), { 'a.example.com': ['first:443'] });
    for (const field of ['spec.routes[0].middlewares', 'spec.routes[0].services[0].proxyProtocol'])
      assert.equal(findingOf(plan, field)?.matters, 'much');
  });
  it('that lead into another namespace need a grant', () => {
    const services = [{ name: 'api', namespace: 'infra', port: 443 }];
    const plan = planOf([
      route('web', [{ match: 'HostSNI(`a.example.com`)', services }]),
      service('api', 443, 'infra'),
    ]);
    assert.deepEqual(served(plan), { 'a.example.com': ['infra/api:443'] });
    assert.match(findingOf(plan, 'backend api')?.text ?? '', /write a ReferenceGrant/);
  });
});

const proxy = (name: string, spec: object): object => ({
  apiVersion: 'projectcontour.io/v1',
  kind: 'HTTPProxy',
  metadata: { name, namespace: 'shop' },
  spec,
});
const virtualhost = { fqdn: 'a.example.com', tls: { passthrough: true } };

describe('HTTPProxies of Contour', () => {
  it('become TLSRoutes, through what they include', () => {
    const services = [{ name: 'api', port: 443 }];
    const whole = planOf([proxy('web', { virtualhost, tcpproxy: { services }, routes: [{ services }] })]);
    assert.deepEqual(served(whole), { 'a.example.com': ['api:443'] });
    assert.equal(whole.manifests[1]?.metadata.name, 'web.httpproxy.api.443');
    assert.equal(findingOf(whole, 'spec.routes')?.matters, 'some');
    const included = planOf([
      proxy('web', { virtualhost, tcpproxy: { include: { name: 'child' } } }),
      proxy('child', { tcpproxy: { services } }),
    ]);
    assert.deepEqual(served(included), { 'a.example.com': ['api:443'] });
    assert.deepEqual(
      planOf([proxy('web', { virtualhost: { fqdn: 'a.b' }, routes: [{ services }] })]).hosts,
      [],
    );
  });
  it('keep their weights: none is 0, and where all are, all get the same', () => {
    const of = (...weights: readonly (number | undefined)[]) => {
      const services = weights.map((weight, index) => ({ name: `s${index}`, port: 443, weight }));
      return served(planOf([proxy('web', { virtualhost, tcpproxy: { services } })]))['a.example.com'];
    };
    assert.deepEqual(of(90, undefined), ['s0:443*90', 's1:443*0']);
    assert.deepEqual(of(undefined, undefined), ['s0:443*1', 's1:443*1']);
    assert.deepEqual(of(0, 0), ['s0:443*1', 's1:443*1']);
  });
  it('that include nothing, or each other, serve nothing', () => {
    for (const name of ['gone', 'web']) {
      const plan = planOf([proxy('web', { virtualhost, tcpproxy: { include: { name } } })]);
      assert.deepEqual(plan.manifests, []);
      assert.equal(isMuch(plan), true);
    }
  });
});

describe('what the cluster will not serve any more', () => {
  it('TLSRoutes of old versions become v1, where v1 takes them', () => {
    const old = (name: string, spec: object, version: string): object => ({
      apiVersion: `gateway.networking.k8s.io/${version}`,
      kind: 'TLSRoute',
      metadata: { name, namespace: 'shop', labels: { team: 'a' } },
      spec: { parentRefs: [{ name: 'gw' }], rules: [{ backendRefs: [{ name: 'api', port: 443 }] }], ...spec },
    });
    const plan = planOf([
      old('a', { hostnames: ['a.example.com'] }, 'v1alpha2'),
      old('b', { hostnames: ['b.example.com'] }, 'v1alpha3'),
      old('c', {}, 'v1alpha2'),
      old('d', { hostnames: ['d.example.com'] }, 'v1'),
    ]);
    const routes = plan.manifests.filter(({ kind }) => kind === 'TLSRoute');
    assert.deepEqual(
      routes.map(({ apiVersion, metadata }) => [apiVersion, metadata.name, metadata.labels['team']]),
      [
        ['gateway.networking.k8s.io/v1', 'a', 'a'],
        ['gateway.networking.k8s.io/v1', 'b', 'a'],
      ],
    );
    assert.match(plan.findings.at(-1)?.text ?? '', /^No API server would store it: .*left out\.$/);
    const again = planOf([...routes, old('a', { hostnames: ['a.example.com'] }, 'v1alpha2')]);
    assert.deepEqual(again.manifests, routes.slice(0, 1));
    const twice = planOf([
      old('d', { hostnames: ['d.example.com'] }, 'v1'),
      ingress('web', NGINX, [['d.example.com', ['/', 'api', 443]]]),
    ]);
    assert.match(findingOf(twice, 'host d.example.com')?.text ?? '', /^TLSRoute shop\/d names it already/);
    // They keep the Gateway that they name.
    assert.deepEqual(
      plan.manifests.filter(({ kind }) => kind === 'Gateway'),
      [],
    );
  });
  it('Endpoints that somebody wrote become EndpointSlices, and no others', () => {
    const endpoints = (name: string, metadata: object = {}): object => ({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, namespace: 'shop', ...metadata },
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
          notReadyAddresses: [{ ip: '10.0.0.2' }],
          ports: [{ name: 'https', port: 6443 }],
        },
      ],
    });
    const plan = planOf([
      service('api'),
      endpoints('api'),
      service('kept'),
      service('lock'),
      service('kubernetes'),
      endpoints('of-nobody'),
      endpoints('kept', { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': 'x' } }),
      endpoints('lock', { annotations: { 'control-plane.alpha.kubernetes.io/leader': 'x' } }),
      endpoints('kubernetes', { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
    ]);
    assert.deepEqual(
      plan.manifests.map(({ kind, metadata, ...rest }) => [
        metadata.name,
        rest['addressType'],
        rest['endpoints'],
      ]),
      [
        [
          'api.migrated.0.ipv4',
          'IPv4',
          [
            { addresses: ['10.0.0.1'], conditions: { ready: true } },
            { addresses: ['10.0.0.2'], conditions: { ready: false } },
          ],
        ],
        ['api.migrated.0.ipv6', 'IPv6', [{ addresses: ['fd00::1'], conditions: { ready: true } }]],
      ],
    );
    assert.equal(plan.manifests[0]?.metadata.labels['kubernetes.io/service-name'], 'api');
    assert.deepEqual(planOf([ingress('x', NGINX, [])]).manifests, []);
  });
});
