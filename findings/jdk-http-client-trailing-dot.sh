#!/usr/bin/env bash
# The JDK's two HTTPS clients and https://api.example.com.:PORT/, a URL that java.net.URI takes as it is.
#
# Guess: both behave alike, since both are the JDK's own and share its TLS: either both cut the dot off or both send it.
# Seen:  HttpsURLConnection asks for "api.example.com" and gets its answer. java.net.http.HttpClient never gets as far as TLS: it throws an
#        IllegalArgumentException, which is no IOException, so that code which catches what send() declares does not catch it.
#        Libraries on top of HttpClient (fabric8's Kubernetes client with its JDK transport, say) pass it on.
# With:  Java 17.0.15 (whichever is on the PATH). The name is led to 127.0.0.1 by jdk.net.hosts.file.
# Needs: java (17 or later, with its compiler), keytool. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

keytool -genkeypair -keyalg EC -alias a -dname CN=api.example.com -ext san=dns:api.example.com -keystore store.p12 -storepass secret >/dev/null 2>&1
printf '127.0.0.1 api.example.com api.example.com.\n' >hosts
cat >Ask.java <<'JAVA'
import java.net.*;
import java.net.http.*;
import java.security.KeyStore;
import javax.net.ssl.*;

public class Ask {
  public static void main(String[] arguments) throws Exception {
    KeyStore store = KeyStore.getInstance(new java.io.File("store.p12"), "secret".toCharArray());
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, "secret".toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);

    SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 9, InetAddress.getByName("127.0.0.1"));
    Thread thread = new Thread(() -> {
      while (true) {
        try (SSLSocket socket = (SSLSocket) server.accept()) {
          socket.startHandshake();
          SNIServerName name = ((ExtendedSSLSession) socket.getSession()).getRequestedServerNames().get(0);
          String body = "asked for " + new String(name.getEncoded());
          socket.getInputStream().read(new byte[8192]);
          socket.getOutputStream().write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes());
        } catch (java.io.IOException ended) {
          // The client has gone.
        }
      }
    });
    thread.setDaemon(true);
    thread.start();

    URI uri = URI.create("https://api.example.com.:" + server.getLocalPort() + "/");
    HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
    connection.setSSLSocketFactory(context.getSocketFactory());
    System.out.println("HttpsURLConnection: " + new String(connection.getInputStream().readAllBytes()));
    try {
      HttpRequest request = HttpRequest.newBuilder(uri).build();
      HttpClient client = HttpClient.newBuilder().sslContext(context).build();
      System.out.println("HttpClient: " + client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (Exception thrown) {
      System.out.println("HttpClient: " + thrown);
    }
    System.exit(0);
  }
}
JAVA
timeout 60 java -Djdk.net.hosts.file=hosts Ask.java >seen
cat >expected <<'TXT'
HttpsURLConnection: asked for api.example.com
HttpClient: java.lang.IllegalArgumentException: Server name value of host_name cannot have the trailing dot
TXT
java -version 2>&1 | sed -n 1p
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
