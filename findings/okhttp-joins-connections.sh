#!/usr/bin/env bash
# OkHttp asks https://web.example.com and then https://other.example.com. Both names have one address, as behind a gateway that passes TLS
# through by server name, and the certificate of the first is good for both.
#
# Guess: each host gets a connection with its own name in the TLS handshake; joining connections (RFC 9113, 9.1.1) is what browsers do.
# Seen:  over HTTP/2 the second request goes out on the first connection, whose handshake named web.example.com: behind such a
#        gateway it arrives at the wrong backend. An answer of 421 makes OkHttp ask again on a connection of its own. With a
#        certificate for one name alone there are two connections at once. (The official Java client of Kubernetes runs on OkHttp.)
# With:  com.squareup.okhttp3:okhttp-jvm 5.4.0 (Maven Central) on Java 17; the server is Node.js's http2.
# Needs: java and javac 17 or later, mvn, node 20 or later, openssl. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null || true; rm -rf "$tmp"' EXIT
cd "$tmp"

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>com.squareup.okhttp3</groupId><artifactId>okhttp-jvm</artifactId><version>5.4.0</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }

certificate() { # certificate FILE NAMES
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -addext "subjectAltName=$2" \
    -addext basicConstraints=critical,CA:false -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
certificate wildcard 'DNS:*.example.com'
certificate web DNS:web.example.com
certificate other DNS:other.example.com

# Answers with the name of the handshake and the name of the request; with 421 where asked to and they differ.
cat >server.mjs <<'JS'
import { readFileSync, writeFileSync, renameSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createSecureContext } from 'node:tls';
const [certificates, misdirected] = process.argv.slice(2);
const pair = (name) => ({ key: readFileSync(`${name}.key`), cert: readFileSync(`${name}.pem`) });
const own = (host) => (certificates === 'wildcard' ? 'wildcard' : host.split('.')[0]);
const server = createSecureServer({
  ...pair('wildcard'),
  SNICallback: (host, done) => done(null, createSecureContext(pair(own(host)))),
});
server.on('stream', (stream, { ':authority': authority }) => {
  const asked = authority.split(':')[0];
  const { servername } = stream.session.socket;
  if (misdirected === '421' && asked !== servername) {
    stream.respond({ ':status': 421 });
    stream.end();
  } else {
    stream.respond({ ':status': 200 });
    stream.end(`handshake ${servername}, request ${asked}`);
  }
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync('port.new', String(server.address().port));
  renameSync('port.new', 'port');
});
JS
cat >Ask.java <<'JAVA'
import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.*;
import okhttp3.*;

public class Ask {
  public static void main(String[] port) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (String name : List.of("wildcard", "web", "other")) {
      try (FileInputStream in = new FileInputStream(name + ".pem")) {
        store.setCertificateEntry(name, CertificateFactory.getInstance("X.509").generateCertificate(in));
      }
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    OkHttpClient client = new OkHttpClient.Builder()
        .dns(host -> List.of(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1})))
        .sslSocketFactory(context.getSocketFactory(), (X509TrustManager) trust.getTrustManagers()[0])
        .build();
    for (String host : List.of("web", "other")) {
      Request request = new Request.Builder().url("https://" + host + ".example.com:" + port[0] + "/").build();
      try (Response response = client.newCall(request).execute()) {
        System.out.println("  " + response.code() + " " + response.body().string());
      }
    }
    System.exit(0);
  }
}
JAVA
javac -cp 'lib/*' Ask.java
for mode in 'wildcard 200' 'wildcard 421' 'own 200'; do
  rm -f port
  # shellcheck disable=SC2086 # two arguments
  node server.mjs $mode & server=$!
  until [ -s port ]; do kill -0 "$server"; sleep 0.1; done
  case $mode in
    'wildcard 200') echo 'one wildcard certificate' ;;
    'wildcard 421') echo 'one wildcard certificate, 421 to other names' ;;
    *) echo 'a certificate for each name' ;;
  esac
  timeout 60 java -cp 'lib/*:.' Ask "$(cat port)"
  kill "$server"
  wait "$server" 2>/dev/null || true
done >seen
cat >expected <<'TXT'
one wildcard certificate
  200 handshake web.example.com, request web.example.com
  200 handshake web.example.com, request other.example.com
one wildcard certificate, 421 to other names
  200 handshake web.example.com, request web.example.com
  200 handshake other.example.com, request other.example.com
a certificate for each name
  200 handshake web.example.com, request web.example.com
  200 handshake other.example.com, request other.example.com
TXT
java -version 2>&1 | sed -n 1p
node --version
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
