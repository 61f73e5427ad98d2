/**
 * Gives a real Envoy the bytes that Sluice would send, and compares what it says it understood: every field number,
 * those too new for the copy of Envoy's API among them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../src/model/objects.ts';
import {
  type EncodedAny,
  FramedDeltaDiscoveryResponse,
  type JsonValue,
  Resource,
  toJson,
} from '../../src/proto/index.ts';
import { messageType } from '../../src/proto/message-type.ts';
import { DEFAULT_ENGINE_CONFIG } from '../../src/snapshot/config.ts';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../../src/snapshot/resources/resource.ts';
import { EnvoyProcess } from '../harness/envoy-process.ts';
import { reexecInNetworkNamespace } from '../harness/network-namespace.ts';
import { gatewayObjects, tenantObjects, upserts } from '../harness/tenants.ts';
import { fromJson } from './from-json.ts';
import { NEWER_THAN_THE_COPY } from './newer-fields.ts';

// The listeners are on port 443.
await reexecInNetworkNamespace(import.meta.url);

const Any = messageType<EncodedAny>('google.protobuf.Any');

type Json = { [key: string]: JsonValue };

interface RouteChanges {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  readonly secondBackend?: boolean;
}

/** One route for each thing that the translation does differently. */
const ROUTES: readonly RouteChanges[] = [
  {},
  { annotations: { 'sluice.dev/max-connections': '7', 'sluice.dev/connect-timeout': '250ms' } },
  { annotations: { 'sluice.dev/stats': 'true' } },
  { annotations: { 'sluice.dev/idle-timeout': '30s' } },
  { hostname: '*.apps.stage.example.com' },
  { hostname: 'shadowed.apps.stage.example.com' },
  { secondBackend: true },
];

function objects(): KubernetesObject[] {
  return [...gatewayObjects(), ...ROUTES.flatMap((changes, index) => tenant(index, changes))];
}

function tenant(index: number, changes: RouteChanges): KubernetesObject[] {
  // In the same namespace.
  const other = index + 1_000;
  const own = tenantObjects(index).map((object): KubernetesObject => {
    if (object.kind !== 'TLSRoute') return object;
    const backends = object.rules.flatMap(({ backendRefs }) => backendRefs);
    const second = backends.map((backend) => ({ ...backend, name: `cluster-${other}`, weight: 3 }));
    return {
      ...object,
      meta: { ...object.meta, annotations: changes.annotations ?? {} },
      hostnames: changes.hostname === undefined ? object.hostnames : [changes.hostname],
      rules: [{ name: undefined, backendRefs: changes.secondBackend ? [...backends, ...second] : backends }],
    };
  });
  return [...own, ...tenantObjects(other)];
}

/** The resources of a type, by name: what is inside the framing that the stream adds. */
function emitted(engine: Engine, typeUrl: string): Map<string, EncodedAny> {
  const resources = [...engine.resources.all(typeUrl)].map(({ name, bytes }) => {
    const { resource } = Resource.decode(bytes);
    assert.ok(resource?.value);
    return [name, { type_url: typeUrl, value: resource.value }] as const;
  });
  return new Map(resources);
}

/** `envoy.service.discovery.v3.DiscoveryResponse`, whose fields are those of a framed delta response. */
function response(version: string, resources: Iterable<EncodedAny>): Uint8Array {
  const encoded = [...resources].map((resource) => Any.encode(resource));
  return FramedDeltaDiscoveryResponse.encode({ system_version_info: version, resources: encoded });
}

/** What Envoy dumped, through our own files: it prints zeros and durations in other ways. */
function understood(dumped: JsonValue): [name: string, json: JsonValue] {
  const { '@type': type, ...json } = dumped as Json;
  const parsed = toJson(String(type), fromJson(nameOf(String(type)), json)) as Json;
  return [String(parsed['name']), parsed];
}

function sent(resources: ReadonlyMap<string, EncodedAny>): Record<string, JsonValue> {
  const entries = [...resources].map(([name, { type_url, value }]) => [name, toJson(type_url, value)]);
  return Object.fromEntries(entries);
}

function nameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

/** Whatever in the dump is a resource of the type, wherever it stands. */
function resourcesIn(dump: JsonValue, typeUrl: string): Json[] {
  if (Array.isArray(dump)) return dump.flatMap((item) => resourcesIn(item, typeUrl));
  if (typeof dump !== 'object' || dump === null) return [];
  if (dump['@type'] === typeUrl) return [dump];
  return Object.values(dump).flatMap((item) => resourcesIn(item, typeUrl));
}

function configSource(file: string): object {
  return { path_config_source: { path: `$DIRECTORY/${file}` }, resource_api_version: 'V3' };
}

/** Listeners at once, clusters once `cds.pb` has some; each endpoint set for a cluster of its own. */
function bootstrap(endpointSets: readonly string[]): object {
  return {
    node: { id: 'test', cluster: 'test' },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    dynamic_resources: {
      lds_config: configSource('lds.pb'),
      cds_config: configSource('cds.pb'),
      // Nobody is there: clusters wait for their endpoints, and are dumped all the same.
      ads_config: { api_type: 'DELTA_GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'nobody' } }] },
    },
    static_resources: {
      clusters: [
        { name: 'nobody', type: 'STATIC', load_assignment: { cluster_name: 'nobody' } },
        ...endpointSets.map((name, index) => ({
          name: `set-${index}`,
          type: 'EDS',
          eds_cluster_config: { service_name: name, eds_config: configSource(`eds-${index}.pb`) },
        })),
      ],
    },
  };
}

for (const sniMode of ['index', 'chain'] as const) {
  test(`${sniMode}: Envoy understands every field as it was meant`, async () => {
    const engine = new Engine({ ...DEFAULT_ENGINE_CONFIG, sniMode });
    engine.apply(upserts(objects()));
    const clusters = emitted(engine, CLUSTER_TYPE);
    const listeners = emitted(engine, LISTENER_TYPE);
    const endpointSets = emitted(engine, ENDPOINT_TYPE);
    assert.ok(clusters.size > ROUTES.length && listeners.size > 0 && endpointSets.size > ROUTES.length);

    const endpointFiles = [...endpointSets.values()].map((set, index) => [
      `eds-${index}.pb`,
      response('1', [set]),
    ]);
    await using envoy = await EnvoyProcess.start({
      bootstrap: bootstrap([...endpointSets.keys()]),
      files: {
        'lds.pb': response('1', listeners.values()),
        'cds.pb': response('0', []),
        ...Object.fromEntries(endpointFiles),
      },
      extraArguments: ['--reject-unknown-dynamic-fields'],
    });
    await envoy.replaceFile('cds.pb', response('1', clusters.values()));
    const dump = await envoy.waitFor(async () => {
      assert.doesNotMatch(envoy.stderr, /rejected/);
      const { configs } = await envoy.configDump();
      const found = configs as unknown as JsonValue;
      // Besides ours there are those of the bootstrap.
      const expected = clusters.size + 1 + endpointSets.size;
      return resourcesIn(found, CLUSTER_TYPE).length === expected ? found : undefined;
    }, 'clusters in the dump');

    assert.deepEqual(Object.fromEntries(resourcesIn(dump, LISTENER_TYPE).map(understood)), sent(listeners));
    const dumpedClusters = resourcesIn(dump, CLUSTER_TYPE).filter(({ name }) => clusters.has(String(name)));
    assert.deepEqual(Object.fromEntries(dumpedClusters.map(understood)), sent(clusters));
    // Envoy prints endpoint sets from what it made of them, with health and more.
    const dumpedSets = resourcesIn(dump, ENDPOINT_TYPE).map((set) => [String(set['cluster_name']), set]);
    assert.partialDeepStrictEqual(Object.fromEntries(dumpedSets), sent(endpointSets));

    for (const field of Object.keys(NEWER_THAN_THE_COPY)) {
      const dot = field.lastIndexOf('.');
      const typeUrl = `type.googleapis.com/${field.slice(0, dot)}`;
      const name = field.slice(dot + 1);
      assert.ok(
        resourcesIn(dump, typeUrl).some((resource) => Object.hasOwn(resource, name)),
        `${field} is nowhere in the dump`,
      );
    }
  });
}
