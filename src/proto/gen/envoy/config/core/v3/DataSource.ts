// From proto/envoy/config/core/v3/core.proto


export interface DataSource {
  'inline_string'?: (string);
  'specifier'?: "inline_string";
}

export interface DataSource__Output {
  'inline_string'?: (string);
  'specifier'?: "inline_string";
}
