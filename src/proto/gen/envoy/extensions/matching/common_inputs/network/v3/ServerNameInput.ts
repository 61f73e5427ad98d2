// From proto/envoy/extensions/matching/common_inputs/network/v3/network_inputs.proto


export interface ServerNameInput {
}

export interface ServerNameInput__Output {
}
