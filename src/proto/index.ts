/** The messages that Sluice sends and receives. */
import type { AccessLog } from './gen/envoy/config/accesslog/v3/AccessLog.ts';
import type { Cluster__Output, Cluster as ClusterInput } from './gen/envoy/config/cluster/v3/Cluster.ts';
import type { TypedExtensionConfig as TypedExtensionConfigInput } from './gen/envoy/config/core/v3/TypedExtensionConfig.ts';
import type {
  ClusterLoadAssignment__Output,
  ClusterLoadAssignment as ClusterLoadAssignmentInput,
} from './gen/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { Filter } from './gen/envoy/config/listener/v3/Filter.ts';
import type { FilterChain } from './gen/envoy/config/listener/v3/FilterChain.ts';
import type { Listener__Output, Listener as ListenerInput } from './gen/envoy/config/listener/v3/Listener.ts';
import type { StdoutAccessLog as StdoutAccessLogInput } from './gen/envoy/extensions/access_loggers/stream/v3/StdoutAccessLog.ts';
import type { TlsInspector as TlsInspectorInput } from './gen/envoy/extensions/filters/listener/tls_inspector/v3/TlsInspector.ts';
import type { Config as SetFilterStateInput } from './gen/envoy/extensions/filters/network/set_filter_state/v3/Config.ts';
import type { TcpProxy as TcpProxyInput } from './gen/envoy/extensions/filters/network/tcp_proxy/v3/TcpProxy.ts';
import type { ServerNameInput as ServerNameInputInput } from './gen/envoy/extensions/matching/common_inputs/network/v3/ServerNameInput.ts';
import type {
  DeltaDiscoveryRequest__Output,
  DeltaDiscoveryRequest as DeltaDiscoveryRequestInput,
} from './gen/envoy/service/discovery/v3/DeltaDiscoveryRequest.ts';
import type {
  DeltaDiscoveryResponse__Output,
  DeltaDiscoveryResponse as DeltaDiscoveryResponseInput,
} from './gen/envoy/service/discovery/v3/DeltaDiscoveryResponse.ts';
import type {
  Resource__Output,
  Resource as ResourceInput,
} from './gen/envoy/service/discovery/v3/Resource.ts';
import type { StringValue as StringValueInput } from './gen/google/protobuf/StringValue.ts';
import type { FramedDeltaDiscoveryResponse as FramedInput } from './gen/sluice/discovery/v1/FramedDeltaDiscoveryResponse.ts';
import type {
  Matcher,
  _xds_type_matcher_v3_Matcher_OnMatch as MatcherOnMatch,
} from './gen/xds/type/matcher/v3/Matcher.ts';
import { messageType } from './message-type.ts';

export { BackwardWriter } from './backward-writer.ts';
export { type DeltaRequest, decodeDeltaRequest, eachPair, type TextPairs } from './delta-request.ts';
export { writeCluster } from './frame-cluster.ts';
export { type LocalityEndpoints, writeEndpoints } from './frame-endpoints.ts';
export { frameResource } from './frame-resource.ts';
export { type JsonValue, toJson } from './json.ts';
export {
  duration,
  type EncodedAny,
  type MessageType,
  protoDirectory,
  stringStruct,
  toAny,
} from './message-type.ts';
export { packBytes, unpackBytes } from './packed-bytes.ts';
export { WireFields } from './wire-fields.ts';
export type { AccessLog, Filter, FilterChain, Matcher, MatcherOnMatch };

export const Cluster = messageType<ClusterInput, Partial<Cluster__Output>>('envoy.config.cluster.v3.Cluster');
export const ClusterLoadAssignment = messageType<
  ClusterLoadAssignmentInput,
  Partial<ClusterLoadAssignment__Output>
>('envoy.config.endpoint.v3.ClusterLoadAssignment');
export const Listener = messageType<ListenerInput, Partial<Listener__Output>>(
  'envoy.config.listener.v3.Listener',
);
/** What a filter is whose configuration is a resource of its own. */
export const TypedExtensionConfig = messageType<TypedExtensionConfigInput>(
  'envoy.config.core.v3.TypedExtensionConfig',
);
export const TlsInspector = messageType<TlsInspectorInput>(
  'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
);
export const SetFilterState = messageType<SetFilterStateInput>(
  'envoy.extensions.filters.network.set_filter_state.v3.Config',
);
export const TcpProxy = messageType<TcpProxyInput>('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy');
export const ServerNameInput = messageType<ServerNameInputInput>(
  'envoy.extensions.matching.common_inputs.network.v3.ServerNameInput',
);
export const StdoutAccessLog = messageType<StdoutAccessLogInput>(
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
);
export const StringValue = messageType<StringValueInput>('google.protobuf.StringValue');

export type DeltaDiscoveryRequest = Partial<DeltaDiscoveryRequest__Output>;
export const DeltaDiscoveryRequest = messageType<DeltaDiscoveryRequestInput, DeltaDiscoveryRequest>(
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
);
export type DeltaDiscoveryResponse = Partial<DeltaDiscoveryResponse__Output>;
export const DeltaDiscoveryResponse = messageType<DeltaDiscoveryResponseInput, DeltaDiscoveryResponse>(
  'envoy.service.discovery.v3.DeltaDiscoveryResponse',
);
/** The same message on the wire, its resources encoded already. */
export const FramedDeltaDiscoveryResponse = messageType<FramedInput>(
  'sluice.discovery.v1.FramedDeltaDiscoveryResponse',
);
export const Resource = messageType<ResourceInput, Partial<Resource__Output>>(
  'envoy.service.discovery.v3.Resource',
);
