/**
 * The programs of a real Kubernetes node that no package of the system is asked for, each built once from its Go module:
 * `node scripts/node-assets.ts` builds all and prints where they are.
 */
import process from 'node:process';
import { AssetError } from './kubernetes-assets.cache.ts';
import { type GoProgram, goProgram, kubernetesProgram } from './kubernetes-assets.ts';

const CONTAINERD_VERSION = 'v2.2.1';
const COREDNS_VERSION = 'v1.14.1';

export const NODE_PROGRAMS = [
  'kubelet',
  'kube-scheduler',
  'kube-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'coredns',
  'pause',
] as const;

export type NodeProgram = (typeof NODE_PROGRAMS)[number];

/** Path of the executable, statically linked. Same errors as `kubernetesAsset`. */
export function nodeProgram(name: NodeProgram): Promise<string> {
  return goProgram(definition(name));
}

function definition(name: NodeProgram): GoProgram {
  switch (name) {
    case 'containerd':
    case 'containerd-shim-runc-v2':
    case 'ctr':
      return {
        name,
        version: CONTAINERD_VERSION,
        pkg: `github.com/containerd/containerd/v2/cmd/${name}`,
        ldflags: ` -X github.com/containerd/containerd/v2/version.Version=${CONTAINERD_VERSION}`,
        module: () => moduleOf('github.com/containerd/containerd/v2', CONTAINERD_VERSION),
      };
    case 'coredns':
      return {
        name,
        version: COREDNS_VERSION,
        pkg: '.',
        source: COREDNS,
        module: () => moduleOf('github.com/coredns/coredns', COREDNS_VERSION),
      };
    case 'pause':
      return {
        name,
        version: 'v1',
        pkg: '.',
        source: PAUSE,
        module: () => 'module sluice.test/pause\n\ngo 1.26.0\n',
      };
    default:
      return kubernetesProgram(name);
  }
}

function moduleOf(path: string, version: string): string {
  return `module sluice.test/node\n\ngo 1.26.0\n\nrequire ${path} ${version}\n`;
}

/** First process of every pod: holds its namespaces, and takes the exit status of the orphans that end up with it. */
const PAUSE = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			os.Exit(0)
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
`;

/** CoreDNS with what a cluster's DNS needs: with the plugins for every cloud it would take four times as long to build. */
const COREDNS = `package main

import (
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() {
	coremain.Run()
}
`;

if (import.meta.main) {
  try {
    for (const name of NODE_PROGRAMS) {
      const started = performance.now();
      const path = await nodeProgram(name);
      process.stdout.write(`${path} (${((performance.now() - started) / 1_000).toFixed(1)} s)\n`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof AssetError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
