#!/usr/bin/env bash
# The annotations of external-dns, before and after v0.22.0: a TTL under the old prefix, under the new one, under both.
#
# Guess: "alpha" goes from a prefix by a time in which both are read, and the old one is logged as deprecated.
# Seen:  v0.21.0 reads external-dns.alpha.kubernetes.io/ alone, v0.22.0 external-dns.kubernetes.io/ alone, and neither says anything of the
#        other: after the upgrade a record has the provider's TTL, and a Gateway its own address instead of its target. A flag
#        (--annotation-prefix) brings the old prefix back, for all annotations.
# With:  the package of sigs.k8s.io/external-dns v0.21.0 and v0.22.0 by which its sources read annotations, Go 1.26.
# Needs: go 1.26.6 or later. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

cat >main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/external-dns/source/annotations"
)

func main() {
	const old, new = "external-dns.alpha.kubernetes.io/ttl", "external-dns.kubernetes.io/ttl"
	fmt.Printf("old %d, new %d, both %d\n",
		annotations.TTLFromAnnotations(map[string]string{old: "111"}, "route"),
		annotations.TTLFromAnnotations(map[string]string{new: "222"}, "route"),
		annotations.TTLFromAnnotations(map[string]string{old: "111", new: "222"}, "route"))
}
GO
: >seen
for version in v0.21.0 v0.22.0; do
  mkdir $version
  cp main.go $version
  printf 'module finding\ngo 1.26\nrequire sigs.k8s.io/external-dns %s\n' $version >$version/go.mod
  (cd $version && go build -mod=mod -o ask . 2>build.log) || { tail -n 20 $version/build.log; exit 2; }
  echo "$version: $($version/ask 2>&1)" >>seen
done
cat >expected <<'TXT'
v0.21.0: old 111, new 0, both 111
v0.22.0: old 0, new 222, both 222
TXT
go version
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
