/** That Envoy says no where there is something wrong: goldens that it takes would prove nothing else. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { SCENARIOS } from './scenario.ts';
import { envoyRefuses, type GoldenResources, readResources } from './validate.ts';

const good = await readResources(join(SCENARIOS, 'wildcard-over-exact', '02-out.yaml'));

function changed<T>(values: readonly T[], change: (value: never) => void): readonly T[] {
  const [first, ...others] = structuredClone([...values]);
  assert.ok(first);
  change(first as never);
  return [first, ...others];
}

it('takes what is good', async () => {
  assert.equal(await envoyRefuses([good]), undefined);
});

const BAD: Readonly<Record<string, { readonly resources: GoldenResources; readonly complaint: RegExp }>> = {
  'two filter chains of one name': {
    resources: {
      ...good,
      listeners: changed(good.listeners, (listener: { filter_chains: unknown[] }) =>
        listener.filter_chains.push(listener.filter_chains[0]),
      ),
    },
    complaint: /duplicate|same matching rules|filter chain/i,
  },
  'a field that Envoy does not know': {
    resources: {
      ...good,
      clusters: changed(good.clusters, (cluster: Record<string, unknown>) => {
        cluster['lb_polizy'] = 'ROUND_ROBIN';
      }),
    },
    complaint: /lb_polizy/,
  },
  'a cluster that breaks a validation rule': {
    resources: {
      ...good,
      clusters: changed(good.clusters, (cluster: Record<string, unknown>) => {
        cluster['connect_timeout'] = '0s';
      }),
    },
    complaint: /ConnectTimeout: value must be greater than 0s/,
  },
  'an endpoint that is no address': {
    resources: {
      ...good,
      endpoints: changed(
        good.endpoints,
        (set: {
          endpoints: { lb_endpoints: { endpoint: { address: { socket_address: { address: string } } } }[] }[];
        }) => {
          const address = set.endpoints[0]?.lb_endpoints[0]?.endpoint.address.socket_address;
          assert.ok(address);
          address.address = 'backend.example.com';
        },
      ),
    },
    complaint: /malformed IP address/,
  },
};

for (const [name, { resources, complaint }] of Object.entries(BAD)) {
  it(`refuses ${name}`, async () => {
    assert.match((await envoyRefuses([resources])) ?? '', complaint);
  });
}
