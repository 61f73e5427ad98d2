// From proto/envoy/extensions/filters/common/set_filter_state/v3/value.proto

import type { SubstitutionFormatString as _envoy_config_core_v3_SubstitutionFormatString, SubstitutionFormatString__Output as _envoy_config_core_v3_SubstitutionFormatString__Output } from '../../../../../../envoy/config/core/v3/SubstitutionFormatString.ts';

export interface FilterStateValue {
  'object_key'?: (string);
  'format_string'?: (_envoy_config_core_v3_SubstitutionFormatString | null);
  'read_only'?: (boolean);
  'skip_if_empty'?: (boolean);
  'key'?: "object_key";
  'value'?: "format_string";
}

export interface FilterStateValue__Output {
  'object_key'?: (string);
  'format_string'?: (_envoy_config_core_v3_SubstitutionFormatString__Output);
  'read_only'?: (boolean);
  'skip_if_empty'?: (boolean);
  'key'?: "object_key";
  'value'?: "format_string";
}
