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
#   GATEWAY_PORT   and at which port                                (443)
#   VERIFY_SECONDS how long a first answer may take                 (30)
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

# Likewise: whoever may not create cluster roles would be stopped half way.
if ! $kubectl auth can-i create clusterrolebindings.rbac.authorization.k8s.io >/dev/null 2>&1; then
  echo "$0: you may not install this in the cluster (\"kubectl auth can-i create clusterrolebindings\" says no, or does not reach it)." >&2
  exit 77
fi

# Sluice reads what v1.5 brought. Newer CRDs in place of older ones concern every controller of the cluster, so that is left to you.
crd=tlsroutes.gateway.networking.k8s.io
version=$($kubectl get crd "$crd" --ignore-not-found \
  -o jsonpath='{.metadata.annotations.gateway\.networking\.k8s\.io/bundle-version}' 2>/dev/null || true)
case $version in
v1.[0-4].* | v0.*)
  echo "$0: the cluster's CRDs of the Gateway API are of $version, and v1.5 is needed: kubectl apply --server-side -f $gateway_api" >&2
  exit 69
  ;;
esac

step() { printf '\n== %s\n' "$*"; }

# What is given here counts, whoever applied it before and however.
apply() { $kubectl apply --server-side --force-conflicts "$@"; }

step "Label and taint the gateway nodes: $*"
for node in "$@"; do
  $kubectl label node "$node" node-role.kubernetes.io/gateway=true --overwrite
  if [ "${TAINT:-yes}" != no ]; then
    $kubectl taint node "$node" node-role.kubernetes.io/gateway=true:NoSchedule --overwrite
  fi
done

step "Gateway API"
if $kubectl get crd "$crd" >/dev/null 2>&1; then
  echo "the cluster has TLSRoute already"
else
  apply -f "$gateway_api"
fi
$kubectl wait --for=condition=Established --timeout=60s "crd/$crd"

step "Namespace and certificates of mutual TLS"
apply -f "$here/base/namespace.yaml"
if [ -n "$certs" ]; then
  run_sluice certs --out "$certs" >/dev/null
  for pair in server gateway; do
    $kubectl -n sluice-system create secret generic "sluice-xds-$pair" --from-file="$certs/$pair" \
      --dry-run=client -o yaml | apply -f -
  done
else
  echo "left to cert-manager (components/cert-manager of the overlay)"
fi

step "Sluice and Envoy"
apply -k "$overlay"
if [ "${VERIFY:-yes}" != no ]; then
  $kubectl -n sluice-system rollout status deployment/sluice --timeout=180s
  $kubectl -n sluice-system rollout status daemonset/sluice-envoy --timeout=300s
fi

step "A route"
apply -f "$route"

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
port=${GATEWAY_PORT:-443}
echo "connecting to $gateway_ip:$port as $host"
$kubectl -n sluice-system get pods -o wide
# A tenant whose own pods still start answers in a while.
seconds=${VERIFY_SECONDS:-30}
deadline=$(($(date +%s) + seconds))
until answer=$(curl --silent --show-error --insecure --max-time 5 --output /dev/null --write-out '%{http_code} from %{remote_ip}' \
  --resolve "$host:$port:$gateway_ip" "https://$host:$port/healthz" 2>&1); do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    echo "$0: everything is installed, but $host was not answered within $seconds s: $answer" >&2
    echo "Look at its route's conditions (kubectl get tlsroutes -A -o yaml) and at \"When something is wrong\" in docs/operations.md." >&2
    exit 1
  fi
  sleep 1
done
# The certificate that is shown is the tenant's own: nothing on the way has ended TLS.
openssl s_client -connect "$gateway_ip:$port" -servername "$host" </dev/null 2>/dev/null | openssl x509 -noout -subject
echo "$answer"
