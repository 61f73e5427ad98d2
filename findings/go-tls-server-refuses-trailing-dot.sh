#!/usr/bin/env bash
# What Python's http.client makes of https://localhost.:PORT/ meets a TLS server written in Go.
#
# Guess: a server name that the server does not know is no reason to refuse the handshake: it shows its only certificate, as servers
#        on OpenSSL do, and the client decides.
# Seen:  Go's crypto/tls refuses the ClientHello as one that it cannot parse (alert "decode error", 50) as soon as the server name ends
#        with a dot; GetConfigForClient is not even called. A server of Python's ssl (OpenSSL) answers the same client. So every
#        server in Go, kube-apiserver among them, is out of reach for clients that keep the dot.
# With:  Go 1.26 (whichever is on the PATH), Python 3.11.7 with OpenSSL 3.0.
# Needs: go, python3, openssl. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$tmp"' EXIT
cd "$tmp"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null

cat >main.go <<'GO'
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	certificate, err := tls.LoadX509KeyPair("cert.pem", "key.pem")
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			fmt.Printf("asked for %q\n", hello.ServerName)
			return nil, nil
		},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	os.WriteFile("go.port", []byte(fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)), 0o600)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "answered") })
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.Serve(tls.NewListener(listener, config)))
}
GO
cat >server.py <<'PY'
import http.server, ssl
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "8"); self.end_headers(); self.wfile.write(b"answered")
    def log_message(self, *_): pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
server.socket = context.wrap_socket(server.socket, server_side=True)
open("py.port", "w").write(str(server.server_port))
server.serve_forever()
PY
cat >client.py <<'PY'
import http.client, socket, ssl, sys, urllib.parse
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *a, **k: real("127.0.0.1", *a, **k)
context = ssl.create_default_context(cafile="cert.pem")
context.check_hostname = False
url = urllib.parse.urlsplit(sys.argv[1])
try:
    connection = http.client.HTTPSConnection(url.hostname, url.port, context=context)
    connection.request("GET", "/")
    print(connection.getresponse().read().decode())
except ssl.SSLError as error:
    print(error.reason)
PY
go build -o server main.go
./server >asked & pids+=($!)
python3 server.py & pids+=($!)
for file in go.port py.port; do until [ -s $file ]; do sleep 0.1; done; done

{
  echo "Go, localhost: $(python3 client.py "https://localhost:$(cat go.port)/")"
  echo "Go, localhost.: $(python3 client.py "https://localhost.:$(cat go.port)/")"
  echo "OpenSSL, localhost.: $(python3 client.py "https://localhost.:$(cat py.port)/")"
  cat asked
} >seen
cat >expected <<'TXT'
Go, localhost: answered
Go, localhost.: TLSV1_ALERT_DECODE_ERROR
OpenSSL, localhost.: answered
asked for "localhost"
TXT
go version
python3 -c 'import ssl, sys; print("Python", sys.version.split()[0], ssl.OPENSSL_VERSION)'
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
