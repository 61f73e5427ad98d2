#!/usr/bin/env bash
# https://localhost.:PORT/ (a name with a dot at its end, good in DNS and in URLs): which server name do HTTP clients send in TLS?
#
# Guess: none sends the dot, since RFC 6066 says that a server name has none; where clients differ, they differ by language.
# Seen:  it differs within one language. requests, urllib3 and aiohttp cut the dot off, in the Host header too; http.client and
#        httpx send it in both, and so do Node.js's https and fetch.
# With:  requests 2.34.2, urllib3 2.8.0, aiohttp 3.14.5, httpx 0.28.1 on Python 3.11.7; Node.js 24.21.0 (npm package node).
# Needs: python3 with pip, npm, openssl. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target py \
  requests==2.34.2 urllib3==2.8.0 aiohttp==3.14.5 httpx==0.28.1
npm install --silent --no-audit --no-fund --prefix js node@24.21.0 >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null

cat >server.py <<'PY'
import http.server, ssl

class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"SNI {self.connection.sent_name}, Host {self.headers['Host'].rsplit(':', 1)[0]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

def remember(connection, name, _context): connection.sent_name = name

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
context.sni_callback = remember
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
server.socket = context.wrap_socket(server.socket, server_side=True)
with open("port.new", "w") as f: f.write(str(server.server_port))
import os; os.rename("port.new", "port")
server.serve_forever()
PY
python3 server.py & server=$!
until [ -s port ]; do kill -0 "$server"; sleep 0.1; done
url="https://localhost.:$(cat port)/"

# Whether the machine's resolver knows "localhost." is no part of this: both names are led to 127.0.0.1 below the libraries.
cat >client.py <<'PY'
import asyncio, socket, ssl, sys
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *a, **k: real("127.0.0.1" if str(host).rstrip(".") == "localhost" else host, *a, **k)
library, url = sys.argv[1:]
context = ssl.create_default_context(cafile="cert.pem")
context.check_hostname = False
if library == "http.client":
    import http.client, urllib.parse
    u = urllib.parse.urlsplit(url)
    c = http.client.HTTPSConnection(u.hostname, u.port, context=context)
    c.request("GET", "/")
    print(c.getresponse().read().decode())
elif library == "requests":
    import requests; print(requests.get(url, verify="cert.pem").text)
elif library == "urllib3":
    import urllib3; print(urllib3.PoolManager(ca_certs="cert.pem").request("GET", url).data.decode())
elif library == "httpx":
    import httpx; print(httpx.get(url, verify=context).text)
else:
    import aiohttp
    async def get():
        async with aiohttp.ClientSession() as s, s.get(url, ssl=context) as r: print(await r.text())
    asyncio.run(get())
PY
cat >client.cjs <<'JS'
const dns = require('node:dns');
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(host.replace(/^localhost\.?$/, '127.0.0.1'), ...rest);
// The handshake is what matters here, not whether the certificate is good for a name with a dot.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');
const [library, url] = process.argv.slice(2);
if (library === 'fetch') fetch(url).then((r) => r.text()).then(console.log);
else require('node:https').get(url, (r) => r.on('data', (d) => console.log(String(d))));
JS

{
  for library in requests urllib3 aiohttp http.client httpx; do
    echo "python $library: $(PYTHONPATH=py python3 client.py $library "$url" 2>&1 | tail -n 1)"
  done
  for library in https fetch; do
    echo "node $library: $(js/node_modules/.bin/node client.cjs $library "$url" 2>/dev/null | tail -n 1)"
  done
} >seen
cat >expected <<'TXT'
python requests: SNI localhost, Host localhost
python urllib3: SNI localhost, Host localhost
python aiohttp: SNI localhost, Host localhost
python http.client: SNI localhost., Host localhost.
python httpx: SNI localhost., Host localhost.
node https: SNI localhost., Host localhost.
node fetch: SNI localhost., Host localhost.
TXT
python3 --version
js/node_modules/.bin/node --version
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
