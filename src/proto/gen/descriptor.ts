// From proto/

export const DESCRIPTOR: object = {
 "nested": {
  "envoy": {
   "nested": {
    "config": {
     "nested": {
      "accesslog": {
       "nested": {
        "v3": {
         "nested": {
          "AccessLog": {
           "oneofs": {
            "config_type": {
             "oneof": [
              "typed_config"
             ]
            }
           },
           "fields": {
            "name": {
             "type": "string",
             "id": 1
            },
            "filter": {
             "type": "AccessLogFilter",
             "id": 2
            },
            "typed_config": {
             "type": "google.protobuf.Any",
             "id": 4
            }
           }
          },
          "AccessLogFilter": {
           "oneofs": {
            "filter_specifier": {
             "oneof": [
              "runtime_filter"
             ]
            }
           },
           "fields": {
            "runtime_filter": {
             "type": "RuntimeFilter",
             "id": 5
            }
           }
          },
          "RuntimeFilter": {
           "fields": {
            "runtime_key": {
             "type": "string",
             "id": 1
            },
            "percent_sampled": {
             "type": "envoy.type.v3.FractionalPercent",
             "id": 2
            },
            "use_independent_randomness": {
             "type": "bool",
             "id": 3
            }
           }
          }
         }
        }
       }
      },
      "cluster": {
       "nested": {
        "v3": {
         "nested": {
          "Cluster": {
           "oneofs": {
            "cluster_discovery_type": {
             "oneof": [
              "type"
             ]
            }
           },
           "fields": {
            "name": {
             "type": "string",
             "id": 1
            },
            "alt_stat_name": {
             "type": "string",
             "id": 28
            },
            "type": {
             "type": "DiscoveryType",
             "id": 2
            },
            "eds_cluster_config": {
             "type": "EdsClusterConfig",
             "id": 3
            },
            "connect_timeout": {
             "type": "google.protobuf.Duration",
             "id": 4
            },
            "per_connection_buffer_limit_bytes": {
             "type": "google.protobuf.UInt32Value",
             "id": 5
            },
            "lb_policy": {
             "type": "LbPolicy",
             "id": 6
            },
            "circuit_breakers": {
             "type": "CircuitBreakers",
             "id": 10
            },
            "metadata": {
             "type": "envoy.config.core.v3.Metadata",
             "id": 25
            },
            "common_lb_config": {
             "type": "CommonLbConfig",
             "id": 27
            },
            "upstream_connection_options": {
             "type": "UpstreamConnectionOptions",
             "id": 30
            },
            "stats_matcher": {
             "type": "envoy.config.metrics.v3.StatsMatcher",
             "id": 61
            }
           },
           "nested": {
            "DiscoveryType": {
             "values": {
              "STATIC": 0,
              "STRICT_DNS": 1,
              "LOGICAL_DNS": 2,
              "EDS": 3,
              "ORIGINAL_DST": 4
             }
            },
            "LbPolicy": {
             "values": {
              "ROUND_ROBIN": 0,
              "LEAST_REQUEST": 1,
              "RING_HASH": 2,
              "RANDOM": 3,
              "MAGLEV": 5,
              "CLUSTER_PROVIDED": 6,
              "LOAD_BALANCING_POLICY_CONFIG": 7
             },
             "reserved": [
              [
               4,
               4
              ]
             ]
            },
            "EdsClusterConfig": {
             "fields": {
              "eds_config": {
               "type": "envoy.config.core.v3.ConfigSource",
               "id": 1
              },
              "service_name": {
               "type": "string",
               "id": 2
              }
             }
            },
            "CommonLbConfig": {
             "oneofs": {
              "locality_config_specifier": {
               "oneof": [
                "locality_weighted_lb_config"
               ]
              }
             },
             "fields": {
              "healthy_panic_threshold": {
               "type": "envoy.type.v3.Percent",
               "id": 1
              },
              "locality_weighted_lb_config": {
               "type": "LocalityWeightedLbConfig",
               "id": 3
              }
             },
             "nested": {
              "LocalityWeightedLbConfig": {
               "fields": {}
              }
             }
            }
           }
          },
          "CircuitBreakers": {
           "fields": {
            "thresholds": {
             "rule": "repeated",
             "type": "Thresholds",
             "id": 1
            }
           },
           "nested": {
            "Thresholds": {
             "fields": {
              "priority": {
               "type": "envoy.config.core.v3.RoutingPriority",
               "id": 1
              },
              "max_connections": {
               "type": "google.protobuf.UInt32Value",
               "id": 2
              },
              "max_pending_requests": {
               "type": "google.protobuf.UInt32Value",
               "id": 3
              },
              "max_requests": {
               "type": "google.protobuf.UInt32Value",
               "id": 4
              },
              "max_retries": {
               "type": "google.protobuf.UInt32Value",
               "id": 5
              },
              "track_remaining": {
               "type": "bool",
               "id": 6
              }
             }
            }
           }
          },
          "UpstreamConnectionOptions": {
           "fields": {
            "tcp_keepalive": {
             "type": "envoy.config.core.v3.TcpKeepalive",
             "id": 1
            }
           }
          }
         }
        }
       }
      },
      "core": {
       "nested": {
        "v3": {
         "nested": {
          "TrafficDirection": {
           "values": {
            "UNSPECIFIED": 0,
            "INBOUND": 1,
            "OUTBOUND": 2
           }
          },
          "RoutingPriority": {
           "values": {
            "DEFAULT": 0,
            "HIGH": 1
           }
          },
          "ApiVersion": {
           "values": {
            "AUTO": 0,
            "V2": 1,
            "V3": 2
           }
          },
          "SocketAddress": {
           "oneofs": {
            "port_specifier": {
             "oneof": [
              "port_value"
             ]
            }
           },
           "fields": {
            "protocol": {
             "type": "Protocol",
             "id": 1
            },
            "address": {
             "type": "string",
             "id": 2
            },
            "port_value": {
             "type": "uint32",
             "id": 3
            }
           },
           "nested": {
            "Protocol": {
             "values": {
              "TCP": 0,
              "UDP": 1
             }
            }
           }
          },
          "Address": {
           "oneofs": {
            "address": {
             "oneof": [
              "socket_address"
             ]
            }
           },
           "fields": {
            "socket_address": {
             "type": "SocketAddress",
             "id": 1
            }
           }
          },
          "TcpKeepalive": {
           "fields": {
            "keepalive_probes": {
             "type": "google.protobuf.UInt32Value",
             "id": 1
            },
            "keepalive_time": {
             "type": "google.protobuf.UInt32Value",
             "id": 2
            },
            "keepalive_interval": {
             "type": "google.protobuf.UInt32Value",
             "id": 3
            }
           }
          },
          "Locality": {
           "fields": {
            "region": {
             "type": "string",
             "id": 1
            },
            "zone": {
             "type": "string",
             "id": 2
            },
            "sub_zone": {
             "type": "string",
             "id": 3
            }
           }
          },
          "BuildVersion": {
           "fields": {
            "version": {
             "type": "envoy.type.v3.SemanticVersion",
             "id": 1
            },
            "metadata": {
             "type": "google.protobuf.Struct",
             "id": 2
            }
           }
          },
          "Node": {
           "oneofs": {
            "user_agent_version_type": {
             "oneof": [
              "user_agent_version",
              "user_agent_build_version"
             ]
            }
           },
           "fields": {
            "id": {
             "type": "string",
             "id": 1
            },
            "cluster": {
             "type": "string",
             "id": 2
            },
            "metadata": {
             "type": "google.protobuf.Struct",
             "id": 3
            },
            "locality": {
             "type": "Locality",
             "id": 4
            },
            "user_agent_name": {
             "type": "string",
             "id": 6
            },
            "user_agent_version": {
             "type": "string",
             "id": 7
            },
            "user_agent_build_version": {
             "type": "BuildVersion",
             "id": 8
            },
            "client_features": {
             "rule": "repeated",
             "type": "string",
             "id": 10
            }
           }
          },
          "Metadata": {
           "fields": {
            "filter_metadata": {
             "keyType": "string",
             "type": "google.protobuf.Struct",
             "id": 1
            }
           }
          },
          "DataSource": {
           "oneofs": {
            "specifier": {
             "oneof": [
              "inline_string"
             ]
            }
           },
           "fields": {
            "inline_string": {
             "type": "string",
             "id": 3
            }
           }
          },
          "AggregatedConfigSource": {
           "fields": {}
          },
          "ConfigSource": {
           "oneofs": {
            "config_source_specifier": {
             "oneof": [
              "ads"
             ]
            }
           },
           "fields": {
            "ads": {
             "type": "AggregatedConfigSource",
             "id": 3
            },
            "initial_fetch_timeout": {
             "type": "google.protobuf.Duration",
             "id": 4
            },
            "resource_api_version": {
             "type": "ApiVersion",
             "id": 6
            }
           }
          },
          "ExtensionConfigSource": {
           "fields": {
            "config_source": {
             "type": "ConfigSource",
             "id": 1
            },
            "default_config": {
             "type": "google.protobuf.Any",
             "id": 2
            },
            "apply_default_config_without_warming": {
             "type": "bool",
             "id": 3
            },
            "type_urls": {
             "rule": "repeated",
             "type": "string",
             "id": 4
            }
           }
          },
          "TypedExtensionConfig": {
           "fields": {
            "name": {
             "type": "string",
             "id": 1
            },
            "typed_config": {
             "type": "google.protobuf.Any",
             "id": 2
            }
           }
          },
          "SubstitutionFormatString": {
           "oneofs": {
            "format": {
             "oneof": [
              "json_format",
              "text_format_source"
             ]
            }
           },
           "fields": {
            "json_format": {
             "type": "google.protobuf.Struct",
             "id": 2
            },
            "text_format_source": {
             "type": "DataSource",
             "id": 5
            },
            "omit_empty_values": {
             "type": "bool",
             "id": 3
            }
           }
          }
         }
        }
       }
      },
      "metrics": {
       "nested": {
        "v3": {
         "nested": {
          "StatsMatcher": {
           "oneofs": {
            "stats_matcher": {
             "oneof": [
              "reject_all",
              "exclusion_list",
              "inclusion_list"
             ]
            }
           },
           "fields": {
            "reject_all": {
             "type": "bool",
             "id": 1
            },
            "exclusion_list": {
             "type": "envoy.type.matcher.v3.ListStringMatcher",
             "id": 2
            },
            "inclusion_list": {
             "type": "envoy.type.matcher.v3.ListStringMatcher",
             "id": 3
            }
           }
          }
         }
        }
       }
      },
      "endpoint": {
       "nested": {
        "v3": {
         "nested": {
          "Endpoint": {
           "fields": {
            "address": {
             "type": "envoy.config.core.v3.Address",
             "id": 1
            }
           }
          },
          "LbEndpoint": {
           "oneofs": {
            "host_identifier": {
             "oneof": [
              "endpoint"
             ]
            }
           },
           "fields": {
            "endpoint": {
             "type": "Endpoint",
             "id": 1
            },
            "load_balancing_weight": {
             "type": "google.protobuf.UInt32Value",
             "id": 4
            }
           }
          },
          "LocalityLbEndpoints": {
           "fields": {
            "locality": {
             "type": "envoy.config.core.v3.Locality",
             "id": 1
            },
            "lb_endpoints": {
             "rule": "repeated",
             "type": "LbEndpoint",
             "id": 2
            },
            "load_balancing_weight": {
             "type": "google.protobuf.UInt32Value",
             "id": 3
            },
            "priority": {
             "type": "uint32",
             "id": 5
            }
           }
          },
          "ClusterLoadAssignment": {
           "fields": {
            "cluster_name": {
             "type": "string",
             "id": 1
            },
            "endpoints": {
             "rule": "repeated",
             "type": "LocalityLbEndpoints",
             "id": 2
            }
           }
          }
         }
        }
       }
      },
      "listener": {
       "nested": {
        "v3": {
         "nested": {
          "Filter": {
           "oneofs": {
            "config_type": {
             "oneof": [
              "typed_config",
              "config_discovery"
             ]
            }
           },
           "fields": {
            "name": {
             "type": "string",
             "id": 1
            },
            "typed_config": {
             "type": "google.protobuf.Any",
             "id": 4
            },
            "config_discovery": {
             "type": "envoy.config.core.v3.ExtensionConfigSource",
             "id": 5
            }
           }
          },
          "ListenerFilter": {
           "oneofs": {
            "config_type": {
             "oneof": [
              "typed_config"
             ]
            }
           },
           "fields": {
            "name": {
             "type": "string",
             "id": 1
            },
            "typed_config": {
             "type": "google.protobuf.Any",
             "id": 3
            }
           }
          },
          "FilterChainMatch": {
           "fields": {
            "transport_protocol": {
             "type": "string",
             "id": 9
            },
            "server_names": {
             "rule": "repeated",
             "type": "string",
             "id": 11
            }
           }
          },
          "FilterChain": {
           "fields": {
            "filter_chain_match": {
             "type": "FilterChainMatch",
             "id": 1
            },
            "filters": {
             "rule": "repeated",
             "type": "Filter",
             "id": 3
            },
            "name": {
             "type": "string",
             "id": 7
            }
           }
          },
          "AdditionalAddress": {
           "fields": {
            "address": {
             "type": "envoy.config.core.v3.Address",
             "id": 1
            }
           }
          },
          "Listener": {
           "fields": {
            "name": {
             "type": "string",
             "id": 1
            },
            "address": {
             "type": "envoy.config.core.v3.Address",
             "id": 2
            },
            "filter_chains": {
             "rule": "repeated",
             "type": "FilterChain",
             "id": 3
            },
            "per_connection_buffer_limit_bytes": {
             "type": "google.protobuf.UInt32Value",
             "id": 5
            },
            "listener_filters": {
             "rule": "repeated",
             "type": "ListenerFilter",
             "id": 9
            },
            "freebind": {
             "type": "google.protobuf.BoolValue",
             "id": 11
            },
            "listener_filters_timeout": {
             "type": "google.protobuf.Duration",
             "id": 15
            },
            "traffic_direction": {
             "type": "envoy.config.core.v3.TrafficDirection",
             "id": 16
            },
            "access_log": {
             "rule": "repeated",
             "type": "envoy.config.accesslog.v3.AccessLog",
             "id": 22
            },
            "stat_prefix": {
             "type": "string",
             "id": 28
            },
            "filter_chain_matcher": {
             "type": "xds.type.matcher.v3.Matcher",
             "id": 32
            },
            "additional_addresses": {
             "rule": "repeated",
             "type": "AdditionalAddress",
             "id": 33
            },
            "tcp_keepalive": {
             "type": "envoy.config.core.v3.TcpKeepalive",
             "id": 37
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "type": {
     "nested": {
      "v3": {
       "nested": {
        "Percent": {
         "fields": {
          "value": {
           "type": "double",
           "id": 1
          }
         }
        },
        "FractionalPercent": {
         "fields": {
          "numerator": {
           "type": "uint32",
           "id": 1
          },
          "denominator": {
           "type": "DenominatorType",
           "id": 2
          }
         },
         "nested": {
          "DenominatorType": {
           "values": {
            "HUNDRED": 0,
            "TEN_THOUSAND": 1,
            "MILLION": 2
           }
          }
         }
        },
        "SemanticVersion": {
         "fields": {
          "major_number": {
           "type": "uint32",
           "id": 1
          },
          "minor_number": {
           "type": "uint32",
           "id": 2
          },
          "patch": {
           "type": "uint32",
           "id": 3
          }
         }
        }
       }
      },
      "matcher": {
       "nested": {
        "v3": {
         "nested": {
          "StringMatcher": {
           "oneofs": {
            "match_pattern": {
             "oneof": [
              "exact",
              "prefix",
              "suffix",
              "contains"
             ]
            }
           },
           "fields": {
            "exact": {
             "type": "string",
             "id": 1
            },
            "prefix": {
             "type": "string",
             "id": 2
            },
            "suffix": {
             "type": "string",
             "id": 3
            },
            "contains": {
             "type": "string",
             "id": 7
            },
            "ignore_case": {
             "type": "bool",
             "id": 6
            }
           }
          },
          "ListStringMatcher": {
           "fields": {
            "patterns": {
             "rule": "repeated",
             "type": "StringMatcher",
             "id": 1
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "extensions": {
     "nested": {
      "access_loggers": {
       "nested": {
        "stream": {
         "nested": {
          "v3": {
           "nested": {
            "StdoutAccessLog": {
             "oneofs": {
              "access_log_format": {
               "oneof": [
                "log_format"
               ]
              }
             },
             "fields": {
              "log_format": {
               "type": "envoy.config.core.v3.SubstitutionFormatString",
               "id": 1
              }
             }
            }
           }
          }
         }
        }
       }
      },
      "filters": {
       "nested": {
        "common": {
         "nested": {
          "set_filter_state": {
           "nested": {
            "v3": {
             "nested": {
              "FilterStateValue": {
               "oneofs": {
                "key": {
                 "oneof": [
                  "object_key"
                 ]
                },
                "value": {
                 "oneof": [
                  "format_string"
                 ]
                }
               },
               "fields": {
                "object_key": {
                 "type": "string",
                 "id": 1
                },
                "format_string": {
                 "type": "envoy.config.core.v3.SubstitutionFormatString",
                 "id": 2
                },
                "read_only": {
                 "type": "bool",
                 "id": 3
                },
                "skip_if_empty": {
                 "type": "bool",
                 "id": 5
                }
               }
              }
             }
            }
           }
          }
         }
        },
        "listener": {
         "nested": {
          "tls_inspector": {
           "nested": {
            "v3": {
             "nested": {
              "TlsInspector": {
               "fields": {}
              }
             }
            }
           }
          }
         }
        },
        "network": {
         "nested": {
          "set_filter_state": {
           "nested": {
            "v3": {
             "nested": {
              "Config": {
               "fields": {
                "on_new_connection": {
                 "rule": "repeated",
                 "type": "envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue",
                 "id": 1
                }
               }
              }
             }
            }
           }
          },
          "tcp_proxy": {
           "nested": {
            "v3": {
             "nested": {
              "TcpProxy": {
               "oneofs": {
                "cluster_specifier": {
                 "oneof": [
                  "cluster"
                 ]
                }
               },
               "fields": {
                "stat_prefix": {
                 "type": "string",
                 "id": 1
                },
                "cluster": {
                 "type": "string",
                 "id": 2
                },
                "max_connect_attempts": {
                 "type": "google.protobuf.UInt32Value",
                 "id": 7
                },
                "idle_timeout": {
                 "type": "google.protobuf.Duration",
                 "id": 8
                },
                "on_demand": {
                 "type": "OnDemand",
                 "id": 14
                }
               },
               "nested": {
                "OnDemand": {
                 "fields": {
                  "odcds_config": {
                   "type": "envoy.config.core.v3.ConfigSource",
                   "id": 1
                  },
                  "timeout": {
                   "type": "google.protobuf.Duration",
                   "id": 3
                  }
                 }
                }
               }
              }
             }
            }
           }
          }
         }
        }
       }
      },
      "matching": {
       "nested": {
        "common_inputs": {
         "nested": {
          "network": {
           "nested": {
            "v3": {
             "nested": {
              "ServerNameInput": {
               "fields": {}
              }
             }
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "service": {
     "nested": {
      "discovery": {
       "nested": {
        "v3": {
         "nested": {
          "AggregatedDiscoveryService": {
           "methods": {
            "DeltaAggregatedResources": {
             "requestType": "DeltaDiscoveryRequest",
             "requestStream": true,
             "responseType": "DeltaDiscoveryResponse",
             "responseStream": true
            }
           }
          },
          "DeltaDiscoveryRequest": {
           "fields": {
            "node": {
             "type": "envoy.config.core.v3.Node",
             "id": 1
            },
            "type_url": {
             "type": "string",
             "id": 2
            },
            "resource_names_subscribe": {
             "rule": "repeated",
             "type": "string",
             "id": 3
            },
            "resource_names_unsubscribe": {
             "rule": "repeated",
             "type": "string",
             "id": 4
            },
            "initial_resource_versions": {
             "keyType": "string",
             "type": "string",
             "id": 5
            },
            "response_nonce": {
             "type": "string",
             "id": 6
            },
            "error_detail": {
             "type": "google.rpc.Status",
             "id": 7
            }
           }
          },
          "DeltaDiscoveryResponse": {
           "fields": {
            "system_version_info": {
             "type": "string",
             "id": 1
            },
            "resources": {
             "rule": "repeated",
             "type": "Resource",
             "id": 2
            },
            "type_url": {
             "type": "string",
             "id": 4
            },
            "nonce": {
             "type": "string",
             "id": 5
            },
            "removed_resources": {
             "rule": "repeated",
             "type": "string",
             "id": 6
            }
           }
          },
          "Resource": {
           "fields": {
            "version": {
             "type": "string",
             "id": 1
            },
            "resource": {
             "type": "google.protobuf.Any",
             "id": 2
            },
            "name": {
             "type": "string",
             "id": 3
            }
           }
          }
         }
        }
       }
      }
     }
    }
   }
  },
  "google": {
   "nested": {
    "protobuf": {
     "nested": {
      "Any": {
       "fields": {
        "type_url": {
         "type": "string",
         "id": 1
        },
        "value": {
         "type": "bytes",
         "id": 2
        }
       }
      },
      "Duration": {
       "fields": {
        "seconds": {
         "type": "int64",
         "id": 1
        },
        "nanos": {
         "type": "int32",
         "id": 2
        }
       }
      },
      "Struct": {
       "fields": {
        "fields": {
         "keyType": "string",
         "type": "Value",
         "id": 1
        }
       }
      },
      "Value": {
       "oneofs": {
        "kind": {
         "oneof": [
          "nullValue",
          "numberValue",
          "stringValue",
          "boolValue",
          "structValue",
          "listValue"
         ]
        }
       },
       "fields": {
        "nullValue": {
         "type": "NullValue",
         "id": 1,
         "protoName": "null_value"
        },
        "numberValue": {
         "type": "double",
         "id": 2,
         "protoName": "number_value"
        },
        "stringValue": {
         "type": "string",
         "id": 3,
         "protoName": "string_value"
        },
        "boolValue": {
         "type": "bool",
         "id": 4,
         "protoName": "bool_value"
        },
        "structValue": {
         "type": "Struct",
         "id": 5,
         "protoName": "struct_value"
        },
        "listValue": {
         "type": "ListValue",
         "id": 6,
         "protoName": "list_value"
        }
       }
      },
      "NullValue": {
       "values": {
        "NULL_VALUE": 0
       }
      },
      "ListValue": {
       "fields": {
        "values": {
         "rule": "repeated",
         "type": "Value",
         "id": 1
        }
       }
      },
      "DoubleValue": {
       "fields": {
        "value": {
         "type": "double",
         "id": 1
        }
       }
      },
      "FloatValue": {
       "fields": {
        "value": {
         "type": "float",
         "id": 1
        }
       }
      },
      "Int64Value": {
       "fields": {
        "value": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "UInt64Value": {
       "fields": {
        "value": {
         "type": "uint64",
         "id": 1
        }
       }
      },
      "Int32Value": {
       "fields": {
        "value": {
         "type": "int32",
         "id": 1
        }
       }
      },
      "UInt32Value": {
       "fields": {
        "value": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "BoolValue": {
       "fields": {
        "value": {
         "type": "bool",
         "id": 1
        }
       }
      },
      "StringValue": {
       "fields": {
        "value": {
         "type": "string",
         "id": 1
        }
       }
      },
      "BytesValue": {
       "fields": {
        "value": {
         "type": "bytes",
         "id": 1
        }
       }
      }
     }
    },
    "rpc": {
     "nested": {
      "Status": {
       "fields": {
        "code": {
         "type": "int32",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        },
        "details": {
         "rule": "repeated",
         "type": "google.protobuf.Any",
         "id": 3
        }
       }
      }
     }
    }
   }
  },
  "xds": {
   "nested": {
    "type": {
     "nested": {
      "matcher": {
       "nested": {
        "v3": {
         "nested": {
          "RegexMatcher": {
           "oneofs": {
            "engine_type": {
             "oneof": [
              "google_re2"
             ]
            }
           },
           "fields": {
            "google_re2": {
             "type": "GoogleRE2",
             "id": 1
            },
            "regex": {
             "type": "string",
             "id": 2
            }
           },
           "nested": {
            "GoogleRE2": {
             "fields": {}
            }
           }
          },
          "StringMatcher": {
           "oneofs": {
            "match_pattern": {
             "oneof": [
              "exact",
              "prefix",
              "suffix",
              "safe_regex",
              "contains"
             ]
            }
           },
           "fields": {
            "exact": {
             "type": "string",
             "id": 1
            },
            "prefix": {
             "type": "string",
             "id": 2
            },
            "suffix": {
             "type": "string",
             "id": 3
            },
            "safe_regex": {
             "type": "RegexMatcher",
             "id": 5
            },
            "contains": {
             "type": "string",
             "id": 7
            },
            "ignore_case": {
             "type": "bool",
             "id": 6
            }
           }
          },
          "Matcher": {
           "oneofs": {
            "matcher_type": {
             "oneof": [
              "matcher_list",
              "matcher_tree"
             ]
            }
           },
           "fields": {
            "matcher_list": {
             "type": "MatcherList",
             "id": 1
            },
            "matcher_tree": {
             "type": "MatcherTree",
             "id": 2
            },
            "on_no_match": {
             "type": "OnMatch",
             "id": 3
            }
           },
           "nested": {
            "OnMatch": {
             "oneofs": {
              "on_match": {
               "oneof": [
                "matcher",
                "action"
               ]
              }
             },
             "fields": {
              "matcher": {
               "type": "Matcher",
               "id": 1
              },
              "action": {
               "type": "xds.core.v3.TypedExtensionConfig",
               "id": 2
              }
             }
            },
            "MatcherList": {
             "fields": {
              "matchers": {
               "rule": "repeated",
               "type": "FieldMatcher",
               "id": 1
              }
             },
             "nested": {
              "Predicate": {
               "oneofs": {
                "match_type": {
                 "oneof": [
                  "single_predicate"
                 ]
                }
               },
               "fields": {
                "single_predicate": {
                 "type": "SinglePredicate",
                 "id": 1
                }
               },
               "nested": {
                "SinglePredicate": {
                 "oneofs": {
                  "matcher": {
                   "oneof": [
                    "value_match"
                   ]
                  }
                 },
                 "fields": {
                  "input": {
                   "type": "xds.core.v3.TypedExtensionConfig",
                   "id": 1
                  },
                  "value_match": {
                   "type": "StringMatcher",
                   "id": 2
                  }
                 }
                }
               }
              },
              "FieldMatcher": {
               "fields": {
                "predicate": {
                 "type": "Predicate",
                 "id": 1
                },
                "on_match": {
                 "type": "OnMatch",
                 "id": 2
                }
               }
              }
             }
            },
            "MatcherTree": {
             "oneofs": {
              "tree_type": {
               "oneof": [
                "exact_match_map"
               ]
              }
             },
             "fields": {
              "input": {
               "type": "xds.core.v3.TypedExtensionConfig",
               "id": 1
              },
              "exact_match_map": {
               "type": "MatchMap",
               "id": 2
              }
             },
             "nested": {
              "MatchMap": {
               "fields": {
                "map": {
                 "keyType": "string",
                 "type": "OnMatch",
                 "id": 1
                }
               }
              }
             }
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "core": {
     "nested": {
      "v3": {
       "nested": {
        "TypedExtensionConfig": {
         "fields": {
          "name": {
           "type": "string",
           "id": 1
          },
          "typed_config": {
           "type": "google.protobuf.Any",
           "id": 2
          }
         }
        }
       }
      }
     }
    }
   }
  },
  "sluice": {
   "nested": {
    "discovery": {
     "nested": {
      "v1": {
       "nested": {
        "FramedDeltaDiscoveryResponse": {
         "fields": {
          "system_version_info": {
           "type": "string",
           "id": 1
          },
          "resources": {
           "rule": "repeated",
           "type": "bytes",
           "id": 2
          },
          "type_url": {
           "type": "string",
           "id": 4
          },
          "nonce": {
           "type": "string",
           "id": 5
          },
          "removed_resources": {
           "rule": "repeated",
           "type": "string",
           "id": 6
          }
         }
        }
       }
      }
     }
    }
   }
  }
 }
};
