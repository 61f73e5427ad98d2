#!/bin/sh
# Installs Sluice and its Envoys on a cluster, step by step: label and taint the gateway nodes, install, apply a route,
# verify. Every step may be repeated. Run it again with more nodes to add them.
#
#   ./install.sh NODE...
#
# Environment, all optional:
#   OVERLAY        kustomize overlay to apply                       (overlays/example beside this script)
#   ROUTE          manifests of a first route                       (example-route.yaml beside this script)
#   HOST           host of that route, to verify with               (demo-cluster-cp.stage.kube-dc.com)
#   GATEWAY_IP     where to verify                                  (address of the first node)
#   CERTS          folder for certificates, kept between runs;      (./sluice-certs)
#                  empty where cert-manager makes the Secrets
#   SLUICE         how to run "sluice certs"                        (the command "sluice"; where there is none, this clone's
#                                                                    own, which "npm ci" makes ready)
#   GATEWAY_API    CRDs to install where the cluster has none of TLSRoute
#   KUBECTL        (kubectl)
#   TAINT=no       leave other pods on the gateway nodes
#   VERIFY=no      do not wait for pods, and connect to nothing
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
repository=$(CDPATH='' cd -- "$here/../.." && pwd)
kubectl=${KUBECTL:-kubectl}
overlay=${OVERLAY:-$here/overlays/example}
route=${ROUTE:-$here/example-route.yaml}
host=${HOST:-demo-cluster-cp.stage.kube-dc.com}
certs=${CERTS-./sluice-certs}
gateway_api=${GATEWAY_API:-https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.7.0/standard-install.yaml}

if [ $# -eq 0 ]; then
  echo "usage: $0 NODE...   (kubectl get nodes shows them; the head of this script says more)" >&2
  exit 64
fi

run_sluice() {
  if [ -n "${SLUICE:-}" ]; then
    $SLUICE "$@"
  elif command -v sluice >/dev/null 2>&1; then
    sluice "$@"
  else
    "$repository/node_modules/.bin/node" "$repository/src/main.ts" "$@"
  fi
}

# Before anything is changed: without certificates the steps after them would be left undone.
if [ -n "$certs" ] && ! run_sluice certs --help >/dev/null; then
  echo "$0: \"sluice certs\" does not run, so there is nothing to make certificates with. Run \"npm ci\" in $repository," >&2
  echo "or say how to run it with SLUICE=, or leave the Secrets to cert-manager with CERTS= (empty)." >&2
  exit 69
fi

step() { printf '\n== %s\n' "$*"; }

step "Label and taint the gateway nodes: $*"
for node in "$@"; do
  $kubectl label node "$node" node-role.kubernetes.io/gateway=true --overwrite
  if [ "${TAINT:-yes}" != no ]; then
    $kubectl taint node "$node" node-role.kubernetes.io/gateway=true:NoSchedule --overwrite
  fi
done

step "Gateway API"
if $kubectl get crd tlsroutes.gateway.networking.k8s.io >/dev/null 2>&1; then
  echo "the cluster has TLSRoute already"
else
  $kubectl apply --server-side -f "$gateway_api"
fi
$kubectl wait --for=condition=Established --timeout=60s crd/tlsroutes.gateway.networking.k8s.io

step "Namespace and certificates of mutual TLS"
$kubectl apply --server-side -f "$here/base/namespace.yaml"
if [ -n "$certs" ]; then
  run_sluice certs --out "$certs" >/dev/null
  for pair in server gateway; do
    $kubectl -n sluice-system create secret generic "sluice-xds-$pair" --from-file="$certs/$pair" \
      --dry-run=client -o yaml | $kubectl apply --server-side -f -
  done
else
  echo "left to cert-manager (components/cert-manager of the overlay)"
fi

step "Sluice and Envoy"
$kubectl apply --server-side -k "$overlay"
if [ "${VERIFY:-yes}" != no ]; then
  $kubectl -n sluice-system rollout status deployment/sluice --timeout=180s
  $kubectl -n sluice-system rollout status daemonset/sluice-envoy --timeout=300s
fi

step "A route"
$kubectl apply --server-side -f "$route"

if [ "${VERIFY:-yes}" = no ]; then
  exit 0
fi

step "Verify"
gateway_ip=${GATEWAY_IP:-}
if [ -z "$gateway_ip" ]; then
  addresses=$($kubectl get node "$1" -o jsonpath='{range .status.addresses[*]}{.type}={.address}{"\n"}{end}')
  gateway_ip=$(printf '%s\n' "$addresses" | sed -n -e 's/^ExternalIP=//p' | head -n 1)
  [ -n "$gateway_ip" ] || gateway_ip=$(printf '%s\n' "$addresses" | sed -n -e 's/^InternalIP=//p' | head -n 1)
fi
echo "connecting to $gateway_ip:443 as $host"
$kubectl -n sluice-system get pods -o wide
# The certificate that is shown is the tenant's own: nothing on the way has ended TLS.
openssl s_client -connect "$gateway_ip:443" -servername "$host" </dev/null 2>/dev/null | openssl x509 -noout -subject
curl --silent --show-error --insecure --max-time 10 --output /dev/null --write-out '%{http_code} from %{remote_ip}\n' \
  --resolve "$host:443:$gateway_ip" "https://$host/healthz"
