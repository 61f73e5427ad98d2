/** Files that the programs of a node are configured with. All are JSON, which is YAML, or TOML. */
import { CNI_PLUGINS } from './requirements.ts';

/** The cluster's DNS, which pods ask. In the API server's range of Services. */
export const DNS_ADDRESS = '10.96.0.10';
export const PAUSE_IMAGE = 'sluice.test/pause:1';

export interface NodeConfig {
  readonly name: string;
  /** Of the node's pods, e.g. `10.244.1.0/24`. */
  readonly podSubnet: string;
  /** Of all nodes' pods. */
  readonly clusterSubnet: string;
  /** Folder of this node's files. */
  readonly directory: string;
  readonly cgroup: string;
  readonly runc: string;
}

/** File name → content, for the node's folder. */
export function nodeFiles(node: NodeConfig): Readonly<Record<string, string>> {
  return {
    'containerd.toml': containerd(node),
    'kubelet.yaml': JSON.stringify(kubelet(node), undefined, 2),
    'kube-proxy.yaml': JSON.stringify(kubeProxy(node), undefined, 2),
    'cni/pods.conflist': JSON.stringify(cni(node), undefined, 2),
    // No search domains, and no server outside the cluster: there is none.
    'resolv.conf': 'nameserver 127.0.0.1\n',
  };
}

function containerd({ directory, runc }: NodeConfig): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri"]

[grpc]
address = "/run/containerd/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd-opt"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${PAUSE_IMAGE}"

[plugins."io.containerd.cri.v1.runtime"]
# A root without CAP_SYS_RESOURCE may not make a process safer from the kernel's memory killer than itself.
restrict_oom_score_adj = true
disable_apparmor = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${CNI_PLUGINS}"]
conf_dir = "${directory}/cni"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "${runc}"
SystemdCgroup = false
`;
}

function kubelet({ directory, cgroup }: NodeConfig): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    // Machines that still have version 1 of control groups are tested as well.
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: 'cluster.local',
    resolvConf: `${directory}/resolv.conf`,
    // Together with the files that node-init.sh shows it, it then leaves the machine's own settings alone.
    featureGates: { KubeletInUserNamespace: true },
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // Only the API server reaches it, in the network of the test.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    nodeStatusUpdateFrequency: '5s',
    nodeLeaseDurationSeconds: 40,
    // A rotated Secret arrives in seconds rather than in two minutes.
    syncFrequency: '10s',
  };
}

function kubeProxy({ name, clusterSubnet, directory }: NodeConfig): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig: `${directory}/kube-proxy.kubeconfig` },
    clusterCIDR: clusterSubnet,
    hostnameOverride: name,
    // Limits of the machine's kernel that it would raise.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

function cni({ podSubnet }: NodeConfig): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: '/var/lib/cni/addresses',
          ranges: [[{ subnet: podSubnet }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}
