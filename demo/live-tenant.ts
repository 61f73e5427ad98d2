/** The host of the tenant that comes while the demo runs. */
export const LIVE_HOST = 'live-cluster-cp.stage.kube-dc.com';

/** Its manifests. */
export const LIVE_TENANT = `apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata:
  name: live-cluster-api
  namespace: default
spec:
  parentRefs:
  - name: tenant-gateway
    namespace: sluice-system
    sectionName: tls-passthrough
  hostnames:
  - "${LIVE_HOST}"
  rules:
  - backendRefs:
    - name: live-cluster-api-proxy
      port: 6443
---
apiVersion: v1
kind: Service
metadata:
  name: live-cluster-api-proxy
  namespace: default
spec:
  type: ClusterIP
  ports:
  - name: api
    port: 6443
    protocol: TCP
---
apiVersion: v1
kind: Endpoints
metadata:
  name: live-cluster-api-proxy
  namespace: default
subsets:
- addresses:
  - ip: 127.65.0.107
  ports:
  - name: api
    port: 6443
    protocol: TCP
`;
