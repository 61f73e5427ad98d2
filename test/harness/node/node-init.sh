#!/bin/sh
# First process of a node, in namespaces of its own: shows the node's folders where the programs look for them, and runs
# containerd, kubelet and kube-proxy. The node is gone when this process is.
#   node-init.sh NODE DIRECTORY PROGRAMS GATEWAY
# Waits for a line on its standard input before it uses the network.
set -eu
node=$1 directory=$2 programs=$3 gateway=$4

hostname "$node"
# kubelet shares mounts with pods; nothing of it reaches the machine, whose mounts are private to the caller already.
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns
mount --bind "$directory/lib" /var/lib
mount --bind "$directory/log" /var/log
# kubelet would set these for the whole machine. It leaves them alone where it reads what it wants.
for setting in vm/overcommit_memory=1 kernel/panic=10 kernel/panic_on_oops=1; do
  file=$directory/$(basename "${setting%=*}")
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
export PATH="$programs:$PATH"
containerd --config "$directory/containerd.toml" >"$directory/containerd.log" 2>&1 &

read -r _
ip link set lo up
ip link set eth0 up
ip address add "$(cat "$directory/address")" dev eth0
ip route add default via "$gateway"
while read -r subnet via; do
  ip route add "$subnet" via "$via"
done <"$directory/routes"
echo 1 >/proc/sys/net/ipv4/ip_forward
# As an operator of gateway nodes would set them; see docs/upgrades.md.
while read -r setting value; do
  echo "$value" >"/proc/sys/$setting"
done <"$directory/sysctls"

until [ -S /run/containerd/containerd.sock ] && ctr version >/dev/null 2>&1; do sleep 0.1; done
for image in "$directory"/images/*.tar; do
  [ -e "$image" ] || continue
  # A node that comes back has them already.
  [ -e "$image.imported" ] || ctr --namespace k8s.io images import "$image" >>"$directory/import.log" 2>&1
  : >"$image.imported"
done
kube-proxy --config "$directory/kube-proxy.yaml" >"$directory/kube-proxy.log" 2>&1 &
kubelet --config "$directory/kubelet.yaml" --kubeconfig "$directory/kubelet.kubeconfig" --hostname-override "$node" \
  --node-ip "$(sed 's|/.*||' "$directory/address")" --root-dir /var/lib/kubelet >"$directory/kubelet.log" 2>&1 &
wait
