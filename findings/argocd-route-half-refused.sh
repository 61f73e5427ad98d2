#!/usr/bin/env bash
# Argo CD's own health check of TLSRoutes, on a route with two parents of which one accepts it and one refuses it.
#
# Guess: Healthy (or Progressing), since each parent counts alone in the Gateway API and the route serves through the one that accepts.
# Seen:  Degraded, whichever parent comes first, so also where the refusing one is another controller's or a listener that is gone.
#        ResolvedRefs=False of one parent does the same. Releases before 3.6 have no check for TLSRoutes at all.
# With:  the script in github.com/argoproj/argo-cd/v3 v3.6.1 (and v3.5.7 for its absence), run by github.com/yuin/gopher-lua v1.1.1, the
#        interpreter that Argo CD uses. Nothing of it is kept here: it is read from the Go module.
# Needs: go 1.26 or later (it fetches go 1.27.3 as a toolchain, which v3.6.1 asks for). Prints what it sees; fails if that is
#        something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

folder() { # the folder of a release's scripts for the Gateway API
  GOTOOLCHAIN=go1.27.3 go mod download -json "github.com/argoproj/argo-cd/v3@$1" |
    sed -n 's|.*"Dir": "\(.*\)".*|\1/resource_customizations/gateway.networking.k8s.io|p'
}
old=$(folder v3.5.7)
new=$(folder v3.6.1)

cat >go.mod <<'MOD'
module finding
go 1.24
require github.com/yuin/gopher-lua v1.1.1
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"log"
	"os"

	lua "github.com/yuin/gopher-lua"
)

// The routes are written as Lua tables, as the script sees them.
const parent = `{parentRef = {name = "%s"}, controllerName = "example.com/c", conditions = {
	{type = "Accepted", status = "%s", message = "m", observedGeneration = 1},
	{type = "ResolvedRefs", status = "%s", message = "m", observedGeneration = 1}}}`

func main() {
	script, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	yes, no := fmt.Sprintf(parent, "yes", "True", "True"), fmt.Sprintf(parent, "no", "False", "True")
	unresolved := fmt.Sprintf(parent, "unresolved", "True", "False")
	for _, route := range [][2]string{
		{"accepted by both", yes + "," + yes},
		{"accepted, then refused", yes + "," + no},
		{"refused, then accepted", no + "," + yes},
		{"accepted, then unresolved", yes + "," + unresolved},
	} {
		state := lua.NewState()
		table := `obj = {kind = "TLSRoute", metadata = {name = "r", generation = 1}, status = {parents = {` + route[1] + `}}}`
		if err := state.DoString(table); err != nil {
			log.Fatal(err)
		}
		if err := state.DoString(string(script)); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", route[0], state.Get(-1).(*lua.LTable).RawGetString("status"))
	}
}
GO
go build -mod=mod -o health . 2>build.log || { cat build.log; exit 2; }
{
  ./health "$new/TLSRoute/health.lua"
  echo "check in v3.5.7: $([ -e "$old/TLSRoute" ] && echo yes || echo none)"
} >seen
cat >expected <<'TXT'
accepted by both: Healthy
accepted, then refused: Degraded
refused, then accepted: Degraded
accepted, then unresolved: Degraded
check in v3.5.7: none
TXT
go version
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
