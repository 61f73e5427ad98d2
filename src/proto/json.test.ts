import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { arbitraryMessage } from '../../test/proto/arbitrary-message.ts';
import { fromJson } from '../../test/proto/from-json.ts';
import {
  BackwardWriter,
  Cluster,
  ClusterLoadAssignment,
  DeltaDiscoveryRequest,
  duration,
  Listener,
  type MessageType,
  ServerNameInput,
  SetFilterState,
  StdoutAccessLog,
  StringValue,
  stringStruct,
  TcpProxy,
  TlsInspector,
  toAny,
  toJson,
  writeCluster,
} from './index.ts';

const toChain = { action: { name: 'chain', typed_config: toAny(StringValue, { value: 'index' }) } };

const LISTENER = Listener.encode({
  name: '127.0.0.1:0',
  address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
  traffic_direction: 'INBOUND',
  freebind: { value: false },
  listener_filters: [{ name: 'envoy.filters.listener.tls_inspector', typed_config: toAny(TlsInspector, {}) }],
  listener_filters_timeout: duration(10_500),
  access_log: [
    {
      name: 'envoy.access_loggers.stdout',
      filter: {
        runtime_filter: { runtime_key: 'log', percent_sampled: { numerator: 100, denominator: 'MILLION' } },
      },
      typed_config: toAny(StdoutAccessLog, {
        log_format: {
          json_format: {
            fields: {
              sni: { stringValue: '%REQUESTED_SERVER_NAME%' },
              nested: { structValue: stringStruct({ a: 'b' }) },
            },
          },
        },
      }),
    },
  ],
  tcp_keepalive: { keepalive_time: { value: 60 } },
  filter_chain_matcher: {
    matcher_tree: {
      input: { name: 'sni', typed_config: toAny(ServerNameInput, {}) },
      exact_match_map: { map: { 'a.example.com': toChain } },
    },
    on_no_match: toChain,
  },
  filter_chains: [
    {
      name: 'index',
      filters: [
        {
          name: 'envoy.filters.network.set_filter_state',
          typed_config: toAny(SetFilterState, {
            on_new_connection: [
              {
                object_key: 'envoy.tcp_proxy.cluster',
                format_string: { text_format_source: { inline_string: 'x/%REQUESTED_SERVER_NAME%' } },
              },
            ],
          }),
        },
        {
          name: 'envoy.filters.network.tcp_proxy',
          typed_config: toAny(TcpProxy, { stat_prefix: 'tcp', cluster: 'none', idle_timeout: duration(0) }),
        },
      ],
    },
  ],
});

const LISTENER_JSON = {
  name: '127.0.0.1:0',
  address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
  filter_chains: [
    {
      filters: [
        {
          name: 'envoy.filters.network.set_filter_state',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config',
            on_new_connection: [
              {
                object_key: 'envoy.tcp_proxy.cluster',
                format_string: { text_format_source: { inline_string: 'x/%REQUESTED_SERVER_NAME%' } },
              },
            ],
          },
        },
        {
          name: 'envoy.filters.network.tcp_proxy',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
            stat_prefix: 'tcp',
            cluster: 'none',
            idle_timeout: '0s',
          },
        },
      ],
      name: 'index',
    },
  ],
  listener_filters: [
    {
      name: 'envoy.filters.listener.tls_inspector',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
      },
    },
  ],
  freebind: false,
  listener_filters_timeout: '10.5s',
  traffic_direction: 'INBOUND',
  access_log: [
    {
      name: 'envoy.access_loggers.stdout',
      filter: {
        runtime_filter: { runtime_key: 'log', percent_sampled: { numerator: 100, denominator: 'MILLION' } },
      },
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
        log_format: { json_format: { sni: '%REQUESTED_SERVER_NAME%', nested: { a: 'b' } } },
      },
    },
  ],
  filter_chain_matcher: {
    matcher_tree: {
      input: {
        name: 'sni',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.ServerNameInput',
        },
      },
      exact_match_map: {
        map: {
          'a.example.com': {
            action: {
              name: 'chain',
              typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'index' },
            },
          },
        },
      },
    },
    on_no_match: {
      action: {
        name: 'chain',
        typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'index' },
      },
    },
  },
  tcp_keepalive: { keepalive_time: 60 },
};

test('a listener, with messages in messages packed as Any', () => {
  assert.deepEqual(toJson(Listener.typeUrl, LISTENER), LISTENER_JSON);
});

test('a cluster, of what is framed by hand and what is encoded', () => {
  const framed = new BackwardWriter();
  const metadata = [['kind', 'TLSRoute']] as const;
  writeCluster(framed, {
    name: '0.0.0.0:443/a',
    serviceName: 'ns/s/6443',
    metadataNamespace: 'sluice',
    metadata,
  });
  const common = Cluster.encode({
    type: 'EDS',
    connect_timeout: duration(250),
    common_lb_config: { healthy_panic_threshold: { value: 0 }, locality_weighted_lb_config: {} },
    stats_matcher: { reject_all: true },
  });
  assert.deepEqual(toJson(Cluster.name, Buffer.concat([framed.finish(), common])), {
    name: '0.0.0.0:443/a',
    type: 'EDS',
    eds_cluster_config: {
      eds_config: { ads: {}, resource_api_version: 'V3' },
      service_name: 'ns/s/6443',
    },
    connect_timeout: '0.25s',
    metadata: { filter_metadata: { sluice: { kind: 'TLSRoute' } } },
    // A zero that means the same as nothing is not on the wire.
    common_lb_config: { healthy_panic_threshold: {}, locality_weighted_lb_config: {} },
    stats_matcher: { reject_all: true },
  });
});

test('an endpoint set', () => {
  const address = { socket_address: { address: '100.65.0.1', port_value: 6443 } };
  const bytes = ClusterLoadAssignment.encode({
    cluster_name: 'ns/s/6443',
    endpoints: [
      {
        locality: { sub_zone: 'ns/s/6443' },
        load_balancing_weight: { value: 3 },
        lb_endpoints: [{ endpoint: { address } }],
      },
    ],
  });
  assert.deepEqual(toJson(ClusterLoadAssignment.typeUrl, bytes), {
    cluster_name: 'ns/s/6443',
    endpoints: [
      {
        locality: { sub_zone: 'ns/s/6443' },
        lb_endpoints: [{ endpoint: { address } }],
        load_balancing_weight: 3,
      },
    ],
  });
});

test('every kind of google.protobuf.Value, and what nobody here knows', () => {
  const bytes = DeltaDiscoveryRequest.encode({
    node: {
      metadata: {
        fields: {
          text: { stringValue: '' },
          number: { numberValue: 1.5 },
          yes: { boolValue: false },
          nothing: { nullValue: 'NULL_VALUE' },
          list: { listValue: { values: [{ numberValue: 0 }, { structValue: { fields: {} } }] } },
        },
      },
    },
    error_detail: {
      code: 13,
      details: [{ type_url: 'example.com/somebody.Else', value: Buffer.from('hi') }],
    },
  });
  assert.deepEqual(toJson(DeltaDiscoveryRequest.typeUrl, bytes), {
    node: { metadata: { text: '', number: 1.5, yes: false, nothing: null, list: [0, {}] } },
    error_detail: { code: 13, details: [{ '@type': 'example.com/somebody.Else', value: 'aGk=' }] },
  });
});

test('durations before and after zero', () => {
  const json = (seconds: number, nanos: number) =>
    toJson(Cluster.name, Cluster.encode({ connect_timeout: { seconds, nanos } }));
  assert.deepEqual(json(0, 0), { connect_timeout: '0s' });
  assert.deepEqual(json(3, 1), { connect_timeout: '3.000000001s' });
  assert.deepEqual(json(-1, -500_000_000), { connect_timeout: '-1.5s' });
  assert.deepEqual(json(0, -500_000_000), { connect_timeout: '-0.5s' });
});

test('what cannot be decoded is an error', () => {
  assert.throws(() => toJson('somebody.Else', Buffer.alloc(0)), /no message somebody\.Else/);
  assert.throws(() => toJson(Cluster.name, Buffer.from([0x0a, 0xff])));
});

for (const type of [Cluster, ClusterLoadAssignment, Listener, DeltaDiscoveryRequest]) {
  test(`nothing of any ${type.name} is lost`, () => {
    const { name, encode, decode } = type as MessageType<object, object>;
    fc.assert(
      fc.property(arbitraryMessage(name), (message) => {
        const bytes = encode(message);
        const json = JSON.parse(JSON.stringify(toJson(name, bytes)));
        assert.deepEqual(decode(fromJson(name, json)), decode(bytes));
      }),
    );
  });
}

test('Envoy takes it for its own configuration', async () => {
  const address = { socket_address: { address: '127.0.0.1', port_value: 1 } };
  const cluster = Cluster.encode({
    name: 'a',
    type: 'STATIC',
    connect_timeout: duration(250),
    metadata: { filter_metadata: { sluice: stringStruct({ kind: 'TLSRoute' }) } },
    upstream_connection_options: { tcp_keepalive: { keepalive_time: { value: 60 } } },
    stats_matcher: { reject_all: true },
  });
  const endpoints = ClusterLoadAssignment.encode({
    cluster_name: 'a',
    endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
  });
  const bootstrap = {
    static_resources: {
      listeners: [toJson(Listener.name, LISTENER)],
      clusters: [
        {
          ...(toJson(Cluster.name, cluster) as object),
          load_assignment: toJson(ClusterLoadAssignment.name, endpoints),
        },
      ],
    },
  };
  const directory = await mkdtemp(path.join(tmpdir(), 'sluice-validate-'));
  try {
    const file = path.join(directory, 'bootstrap.json');
    await writeFile(file, JSON.stringify(bootstrap));
    const args = ['--mode', 'validate', '--log-level', 'error', '--config-path', file];
    const { stdout } = await promisify(execFile)(await findEnvoy(), args);
    assert.match(stdout, /bootstrap\.json' OK/);
  } finally {
    await rm(directory, { recursive: true });
  }
});
