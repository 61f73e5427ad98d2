// From proto/envoy/config/accesslog/v3/accesslog.proto

import type { RuntimeFilter as _envoy_config_accesslog_v3_RuntimeFilter, RuntimeFilter__Output as _envoy_config_accesslog_v3_RuntimeFilter__Output } from '../../../../envoy/config/accesslog/v3/RuntimeFilter.ts';

export interface AccessLogFilter {
  'runtime_filter'?: (_envoy_config_accesslog_v3_RuntimeFilter | null);
  'filter_specifier'?: "runtime_filter";
}

export interface AccessLogFilter__Output {
  'runtime_filter'?: (_envoy_config_accesslog_v3_RuntimeFilter__Output);
  'filter_specifier'?: "runtime_filter";
}
