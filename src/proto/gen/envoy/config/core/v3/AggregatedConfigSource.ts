// From proto/envoy/config/core/v3/core.proto


export interface AggregatedConfigSource {
}

export interface AggregatedConfigSource__Output {
}
