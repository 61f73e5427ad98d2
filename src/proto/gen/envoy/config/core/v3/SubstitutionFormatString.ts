// From proto/envoy/config/core/v3/core.proto

import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../../../google/protobuf/Struct.ts';
import type { DataSource as _envoy_config_core_v3_DataSource, DataSource__Output as _envoy_config_core_v3_DataSource__Output } from '../../../../envoy/config/core/v3/DataSource.ts';

export interface SubstitutionFormatString {
  'json_format'?: (_google_protobuf_Struct | null);
  'omit_empty_values'?: (boolean);
  'text_format_source'?: (_envoy_config_core_v3_DataSource | null);
  'format'?: "json_format"|"text_format_source";
}

export interface SubstitutionFormatString__Output {
  'json_format'?: (_google_protobuf_Struct__Output);
  'omit_empty_values'?: (boolean);
  'text_format_source'?: (_envoy_config_core_v3_DataSource__Output);
  'format'?: "json_format"|"text_format_source";
}
