/**
 * Mappings that come with Sluice, as the YAML that `readMapping` takes: `sluice tenants --print-mapping NAME` is where one of your own begins.
 * Fields: kube-dc's KdcCluster v1alpha1, Cluster API v1.11 (v1beta2) and v1.10 (v1beta1), Kamaji v1alpha1.
 */
export const SHIPPED_MAPPINGS: Readonly<Record<string, string>> = {
  kdccluster: `# kube-dc's KdcCluster. status.endpoint is a URL; where it names the tenant's public host itself, nothing can be made of it.
name: kdccluster
watch: { group: k8s.kube-dc.com, versions: [v1alpha1], kind: KdcCluster, plural: kdcclusters }
endpoint: >-
  has(status.controlPlaneEndpoint) ? status.controlPlaneEndpoint : status.endpoint
service: '{name}-api-proxy'
ports:
  - { name: api, servicePort: 6443, hosts: ['{name}-cp.{domain}'], route: '{name}-api' }
`,
  'cluster-api': `# Cluster API's Cluster. Other namespaces may have one of the same name, so the host has both.
name: cluster-api
watch: { group: cluster.x-k8s.io, versions: [v1beta2, v1beta1], kind: Cluster, plural: clusters }
endpoint: >-
  has(spec.controlPlaneEndpoint) && has(spec.controlPlaneEndpoint.host) && spec.controlPlaneEndpoint.host != "" ?
  spec.controlPlaneEndpoint : null
service: '{name}-api-proxy'
ports:
  - { name: api, servicePort: 6443, hosts: ['{name}-{namespace}.{domain}'], route: '{name}-api' }
`,
  kamaji: `# Kamaji's TenantControlPlane, of which the status has no conditions: what is wrong is told by Events. Konnectivity has a host of its own.
name: kamaji
watch: { group: kamaji.clastix.io, versions: [v1alpha1], kind: TenantControlPlane, plural: tenantcontrolplanes }
when: '!has(spec.controlPlane.gateway)'
conditions: false
endpoint: status.controlPlaneEndpoint
service: '{name}-public'
ports:
  - { name: kube-apiserver, servicePort: 6443, hosts: ['{name}-{namespace}.{domain}'], route: '{name}-public' }
  - name: konnectivity-server
    when: has(spec.addons) && has(spec.addons.konnectivity)
    port: spec.addons.konnectivity.server.port
    servicePort: 8132
    hosts: ['{name}-{namespace}-konnectivity.{domain}']
    route: '{name}-konnectivity-public'
`,
  generic: `# Any kind with an address in its status: change "watch" and the expressions.
name: generic
watch: { group: example.com, versions: [v1], kind: Tenant, plural: tenants }
# CEL, or a field path. This one: only objects that ask for it.
when: has(metadata.annotations) && 'example.com/public' in metadata.annotations && metadata.annotations['example.com/public'] == 'true'
# A host, host:port, a URL, {host, port}, or a list of those.
endpoint: status.address
service: '{name}-tenant'
ports:
  - { name: tls, servicePort: 443, hosts: ['{name}-{namespace}.{domain}'], route: '{name}-tenant' }
annotations:
  route:
    external-dns.kubernetes.io/ttl: '60'
`,
};
