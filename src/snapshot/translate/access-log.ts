import { type AccessLog, StdoutAccessLog, stringStruct, toAny } from '../../proto/index.ts';
import { METADATA_NAMESPACE } from './cluster.ts';

/** Runtime key, in percent of connections: 0 switches the log off. Steered without touching a listener. */
export const ACCESS_LOG_RUNTIME_KEY = 'sluice.access_log';

/** One JSON line for every connection, at its end, those that were refused included. */
export function accessLog(): AccessLog {
  return {
    name: 'envoy.access_loggers.stdout',
    filter: {
      runtime_filter: {
        runtime_key: ACCESS_LOG_RUNTIME_KEY,
        percent_sampled: { numerator: 100, denominator: 'HUNDRED' },
        use_independent_randomness: true,
      },
    },
    typed_config: toAny(StdoutAccessLog, {
      log_format: { json_format: FIELDS },
    }),
  };
}

const FIELDS = stringStruct({
  time: '%START_TIME%',
  sni: '%REQUESTED_SERVER_NAME%',
  namespace: `%METADATA(CLUSTER:${METADATA_NAMESPACE}:namespace)%`,
  route: `%METADATA(CLUSTER:${METADATA_NAMESPACE}:name)%`,
  kind: `%METADATA(CLUSTER:${METADATA_NAMESPACE}:kind)%`,
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  local: '%DOWNSTREAM_LOCAL_ADDRESS%',
  backend: '%UPSTREAM_HOST%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration_ms: '%DURATION%',
  flags: '%RESPONSE_FLAGS%',
  refused: '%RESPONSE_CODE_DETAILS%',
  upstream_failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  chain: '%FILTER_CHAIN_NAME%',
});
