#!/usr/bin/env bash
# kstatus, by which Flux, kpt and others tell whether an object is ready, on Gateway API routes.
#
# Guess: InProgress for a route without status, Failed (or at least not Current) for one that its only Gateway refuses.
# Seen:  Current ("Resource is current") for both, as for one that is accepted: kstatus looks at status.conditions, and a route has its
#        conditions in status.parents. A Gateway, which has status.conditions, is Current with Programmed=False too, since kstatus
#        knows the types Ready, Reconciling and Stalled only.
# With:  sigs.k8s.io/cli-utils v0.37.2, k8s.io/apimachinery as it asks for, Go 1.26.
# Needs: go. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

cat >go.mod <<'MOD'
module finding
go 1.24
require sigs.k8s.io/cli-utils v0.37.2
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

const (
	head     = `{"apiVersion": "gateway.networking.k8s.io/v1", "metadata": {"name": "a", "namespace": "b", "generation": 2}, `
	observed = `"observedGeneration": 2, "reason": "R", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z"}`
	parent   = head + `"kind": "TLSRoute", "status": {"parents": [{"parentRef": {"name": "gateway"}, "controllerName": "example.com/c", ` +
		`"conditions": [{"type": "Accepted", "status": "%s", ` + observed + `]}]}}`
)

func main() {
	for _, object := range []struct{ name, json string }{
		{"route, accepted", fmt.Sprintf(parent, "True")},
		{"route, refused", fmt.Sprintf(parent, "False")},
		{"route, no status", head + `"kind": "TLSRoute"}`},
		{"gateway, not programmed", head + `"kind": "Gateway", "status": {"conditions": [{"type": "Programmed", "status": "False", ` + observed + `]}}`},
		{"gateway, not ready", head + `"kind": "Gateway", "status": {"conditions": [{"type": "Ready", "status": "False", ` + observed + `]}}`},
	} {
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON([]byte(object.json)); err != nil {
			log.Fatal(err)
		}
		result, err := status.Compute(u)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", object.name, result.Status)
	}
}
GO
go mod tidy >tidy.log 2>&1 || { cat tidy.log; exit 2; }
go run . >seen
cat >expected <<'TXT'
route, accepted: Current
route, refused: Current
route, no status: Current
gateway, not programmed: Current
gateway, not ready: InProgress
TXT
go version
go list -m sigs.k8s.io/cli-utils k8s.io/apimachinery
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
