// From proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto


export interface TlsInspector {
}

export interface TlsInspector__Output {
}
