#!/usr/bin/env bash
# external-dns with --source=gateway-tlsroute on a cluster with the CRDs of the Gateway API's standard channel, which serve TLSRoute as v1 alone.
#
# Guess: a source asks for the version that the cluster serves, as kubectl does; at worst TLSRoutes get no records.
# Seen:  v0.21.0 asks for v1alpha2 whatever there is, hears 404, and the whole program ends after a minute ("failed to sync *v1alpha2.TLSRoute"): no
#        source works, that of Ingresses neither, and records stay as they were. v0.22.0 asks for v1 alone and ends in the same way on older CRDs.
# With:  the sources of sigs.k8s.io/external-dns v0.21.0 and v0.22.0, against an API server played by the script. Go 1.26.
# Needs: go 1.26.6 or later, some 8 minutes of CPU to compile both at the first time. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
cd "$tmp"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/source"
	"sigs.k8s.io/external-dns/source/wrappers"
)

func main() {
	served := os.Args[1]
	lists := map[string]string{
		"/api/v1/namespaces": "NamespaceList",
		"/apis/gateway.networking.k8s.io/v1/gateways":                 "GatewayList",
		"/apis/gateway.networking.k8s.io/v1beta1/gateways":            "GatewayList",
		"/apis/networking.k8s.io/v1/ingresses":                        "IngressList",
		"/apis/gateway.networking.k8s.io/" + served + "/tlsroutes":     "TLSRouteList",
	}
	var mutex sync.Mutex
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		kind, found := lists[request.URL.Path]
		answer.Header().Set("content-type", "application/json")
		if strings.HasSuffix(request.URL.Path, "/tlsroutes") {
			mutex.Lock()
			if found {
				asked[request.URL.Path] = 200
			} else {
				asked[request.URL.Path] = 404
			}
			mutex.Unlock()
		}
		if !found {
			answer.WriteHeader(404)
			return
		}
		if request.URL.Query().Get("watch") != "" {
			answer.(http.Flusher).Flush()
			if request.URL.Query().Get("sendInitialEvents") == "true" {
				group := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(request.URL.Path, "/apis/"), "/api/"), "/"+request.URL.Path[strings.LastIndex(request.URL.Path, "/")+1:])
				fmt.Fprintf(answer, `{"type":"BOOKMARK","object":{"apiVersion":%q,"kind":%q,"metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n", group, strings.TrimSuffix(kind, "List"))
				answer.(http.Flusher).Flush()
			}
			<-request.Context().Done()
			return
		}
		fmt.Fprintf(answer, `{"apiVersion":"v1","kind":%q,"metadata":{"resourceVersion":"1"},"items":[]}`, kind)
	}))
	kubeconfig := "kubeconfig-" + served
	must(os.WriteFile(kubeconfig, []byte(fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","clusters":[{"name":"x","cluster":{"server":%q}}],"users":[{"name":"x","user":{}}],"contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],"current-context":"x"}`, server.URL)), 0o600))
	config := externaldns.NewConfig()
	must(config.ParseFlags([]string{"--kubeconfig=" + kubeconfig, "--provider=inmemory", "--source=ingress", "--source=gateway-tlsroute"}))
	sources, err := source.NewSourceConfig(config)
	must(err)
	_, err = wrappers.Build(context.Background(), sources)
	mutex.Lock()
	defer mutex.Unlock()
	for path, status := range asked {
		fmt.Printf("cluster serves %s, asked for %s: %d; ", served, path, status)
	}
	if err == nil {
		fmt.Println("starts")
	} else {
		fmt.Printf("ends: %v\n", err)
	}
}

func must(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(2)
	}
}
GO
for version in v0.21.0 v0.22.0; do
  mkdir $version
  cp main.go $version
  printf 'module finding\ngo 1.26\nrequire sigs.k8s.io/external-dns %s\nreplace github.com/openshift/api => github.com/openshift/api v0.0.0-20251015095338-264e80a2b6e7\nreplace github.com/openshift/client-go => github.com/openshift/client-go v0.0.0-20251015124057-db0dee36e235\nreplace vbom.ml/util => github.com/fvbommel/util v0.0.2\n' $version >$version/go.mod
  (cd $version && go build -mod=mod -trimpath -ldflags '-s -w' -o ask . 2>build.log) || { tail -n 20 $version/build.log; exit 2; }
done
# Side by side: one that finds nothing waits for a minute.
for version in v0.21.0 v0.22.0; do
  for served in v1 v1alpha2; do
    (cd $version && echo "$version: $(./ask $served 2>/dev/null)" >$served.seen) &
  done
done
wait
cat v0.2*/*.seen >seen
cat >expected <<'TXT'
v0.21.0: cluster serves v1, asked for /apis/gateway.networking.k8s.io/v1alpha2/tlsroutes: 404; ends: failed to sync *v1alpha2.TLSRoute after 1m0s: context deadline exceeded
v0.21.0: cluster serves v1alpha2, asked for /apis/gateway.networking.k8s.io/v1alpha2/tlsroutes: 200; starts
v0.22.0: cluster serves v1, asked for /apis/gateway.networking.k8s.io/v1/tlsroutes: 200; starts
v0.22.0: cluster serves v1alpha2, asked for /apis/gateway.networking.k8s.io/v1/tlsroutes: 404; ends: failed to sync *v1.TLSRoute after 1m0s: context deadline exceeded
TXT
go version
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
