// From proto/sluice/discovery/v1/cluster_reference.proto


export interface _sluice_discovery_v1_ClusterReference_Eds {
  'service_name'?: (string);
}

export interface _sluice_discovery_v1_ClusterReference_Eds__Output {
  'service_name'?: (string);
}

export interface ClusterReference {
  'name'?: (string);
  'eds_cluster_config'?: (_sluice_discovery_v1_ClusterReference_Eds | null);
}

export interface ClusterReference__Output {
  'name'?: (string);
  'eds_cluster_config'?: (_sluice_discovery_v1_ClusterReference_Eds__Output);
}
