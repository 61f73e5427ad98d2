import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readMapping } from '../mapping/read-mapping.ts';
import { SHIPPED_MAPPINGS } from '../mapping/shipped.ts';
import { MAPPING_LABEL } from '../names.ts';
import { readEndpointValue } from './endpoint-value.ts';
import { type Intent, intentOf, type TenantObject } from './intent.ts';
import { desiredObjects, type ExposedIntent, type Owner } from './objects.ts';

const SETTINGS = {
  domain: 'stage.example.com',
  gateway: { namespace: 'infra', name: 'public', sectionName: 'tls' },
};
const mapping = (name: string) => readMapping(SHIPPED_MAPPINGS[name] ?? '', SETTINGS);
const KDC = mapping('kdccluster');
const KAMAJI = mapping('kamaji');
const OWNER: Owner = {
  ...{ mapping: 'kdccluster', apiVersion: 'k8s.kube-dc.com/v1alpha1', kind: 'KdcCluster' },
  ...{ namespace: 'shop', name: 'demo', uid: 'u1' },
};

function kdc(status: unknown, name = 'demo'): TenantObject {
  return { metadata: { namespace: 'shop', name }, spec: {}, status };
}

function exposed(intent: Intent): ExposedIntent {
  assert.equal(intent.type, 'exposed', JSON.stringify(intent));
  return intent as ExposedIntent;
}

function codeOf(intent: Intent): string {
  return intent.type === 'unclear' ? intent.problem.code : intent.type;
}

const address = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => typeof readEndpointValue(text) === 'object');

describe('an endpoint', () => {
  it('is what was written, in whichever form', () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const wanted = { ...(readEndpointValue(host) as object), port };
        const bracketed = host.includes(':') ? `[${host}]` : host;
        for (const value of [{ host, port }, `${bracketed}:${port}`, [{ host, port }]])
          assert.deepEqual(readEndpointValue(value), wanted);
      }),
    );
  });

  it('says so of a value that is nested thousands of times', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 9_990; level += 1) deep = { deep };
    for (const value of [[[deep]], { host: deep }, { host: 'cp.example.com', port: deep }])
      assert.match(String(readEndpointValue(value)), /is no (?:endpoint|host|port)$/);
  });

  it('takes no port 0, in URLs either', () => {
    for (const text of ['cp.example.com:0', 'https://cp.example.com:0'])
      assert.match(String(readEndpointValue(text)), /is no endpoint/);
  });

  it('takes URLs, with the port of their scheme', () => {
    assert.deepEqual(readEndpointValue('https://cp.example.com'), {
      hosts: [{ type: 'name', host: 'cp.example.com' }],
      port: 443,
    });
    assert.deepEqual(readEndpointValue('https://[fd00::1]:6443/'), {
      hosts: [{ type: 'address', host: 'fd00::1' }],
      port: 6443,
    });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        readEndpointValue(value);
      }),
    );
  });

  for (const value of [
    'a b',
    '10.0.0.300',
    '*.example.com',
    'host:0',
    'host:70000',
    7,
    { host: 7 },
    { host: 'a', port: 'x' },
  ])
    it(`is none: ${JSON.stringify(value)}`, () => assert.equal(typeof readEndpointValue(value), 'string'));
});

describe('what a tenant asks for', () => {
  it('is read without throwing, whatever its status is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (status, spec) => {
        for (const each of [KDC, KAMAJI]) {
          const intent = intentOf({ metadata: { namespace: 'shop', name: 'demo' }, spec, status }, each);
          assert.ok(['exposed', 'unwanted', 'unclear'].includes(intent.type));
        }
      }),
    );
  });

  it('has a code where nothing can be made of it', () => {
    const at = (host: unknown, name?: string) =>
      codeOf(intentOf(kdc({ controlPlaneEndpoint: { host } }, name), KDC));
    assert.equal(codeOf(intentOf(kdc(undefined), KDC)), 'SLUICE_TENANT_NO_ENDPOINT');
    assert.equal(at(''), 'SLUICE_TENANT_NO_ENDPOINT');
    assert.equal(at('a b'), 'SLUICE_TENANT_ENDPOINT_INVALID');
    assert.equal(at('demo-cp.stage.example.com'), 'SLUICE_TENANT_ENDPOINT_INVALID');
    assert.equal(at('10.0.0.1', 'a.b'), 'SLUICE_TENANT_OBJECT_INVALID');
    assert.equal(at('10.0.0.1', '9demo'), 'SLUICE_TENANT_OBJECT_INVALID');
    assert.equal(at('10.0.0.1', 'd'.repeat(64)), 'SLUICE_TENANT_HOST_INVALID');
  });

  it('stays within the domain, whatever the object says', () => {
    const text = (SHIPPED_MAPPINGS['kdccluster'] ?? '').replace('{name}-cp.{domain}', '{spec.host}');
    const own = readMapping(text, SETTINGS);
    const at = (host: string) =>
      codeOf(intentOf({ ...kdc({ controlPlaneEndpoint: { host: '10.0.0.1' } }), spec: { host } }, own));
    assert.equal(at('mine.stage.example.com'), 'exposed');
    for (const host of [
      'console.example.com',
      'stage.example.com',
      'xstage.example.com',
      '*.stage.example.com',
    ])
      assert.equal(at(host), 'SLUICE_TENANT_HOST_INVALID');
  });

  it("is of Kamaji two ports, unless Kamaji's own Gateway does it", () => {
    const spec = { controlPlane: {}, addons: { konnectivity: { server: { port: 8132 } } } };
    const object = {
      metadata: { namespace: 'shop', name: 'demo' },
      spec,
      status: { controlPlaneEndpoint: '10.0.0.1:7443' },
    };
    const { ports } = exposed(intentOf(object, KAMAJI));
    assert.deepEqual(
      ports.map(({ servicePort, port }) => [servicePort, port]),
      [
        [6443, 7443],
        [8132, 8132],
      ],
    );
    const gateway = { ...object, spec: { ...spec, controlPlane: { gateway: {} } } };
    assert.equal(intentOf(gateway, KAMAJI).type, 'unwanted');
  });
});

describe('the objects of a tenant', () => {
  const intent = exposed(
    intentOf(
      {
        metadata: { namespace: 'shop', name: 'demo' },
        spec: { controlPlane: {}, addons: { konnectivity: { server: { port: 8132 } } } },
        status: { controlPlaneEndpoint: '10.0.0.1:6443' },
      },
      KAMAJI,
    ),
  );
  const hosts = intent.ports.flatMap((port) => port.hosts);

  it('are a function of the tenant, its addresses as a set and the hosts that it lost', () => {
    const canonical = address.map((text) => {
      const read = readEndpointValue(text);
      return typeof read === 'object' ? (read.hosts[0]?.host ?? '') : '';
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(canonical, { minLength: 1, maxLength: 6 }),
        fc.subarray(hosts),
        (addresses, lost) => {
          const make = (from: readonly string[]) => desiredObjects(OWNER, intent, from, new Set(lost));
          const objects = make(addresses);
          assert.deepEqual(make([...addresses].reverse()), objects);
          assert.equal(new Set(objects.map(({ id }) => id)).size, objects.length);
          for (const { namespace, metadata } of objects) {
            assert.equal(namespace, OWNER.namespace);
            assert.equal((metadata['labels'] as Record<string, string>)[MAPPING_LABEL], OWNER.mapping);
            assert.equal((metadata['ownerReferences'] as { uid: string }[])[0]?.uid, OWNER.uid);
          }
          const named = objects.flatMap(
            ({ content }) => (content['spec'] as { hostnames?: string[] })?.hostnames ?? [],
          );
          assert.deepEqual(named.sort(), hosts.filter((host) => !lost.includes(host)).sort());
          const members = objects.flatMap(
            ({ content }) => (content['endpoints'] as { addresses: string[] }[]) ?? [],
          );
          assert.deepEqual(members.flatMap((each) => each.addresses).sort(), [...addresses].sort());
        },
      ),
    );
  });

  it('have a fingerprint that changes with what they say', () => {
    const [one] = desiredObjects(OWNER, intent, ['10.0.0.1'], new Set());
    const [two] = desiredObjects({ ...OWNER, uid: 'u2' }, intent, ['10.0.0.1'], new Set());
    assert.notEqual(one?.fingerprint, two?.fingerprint);
  });
});
