import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

/** The kubeconfig that these files make together. Throws where one cannot be read. */
export function readKubeconfig(files: readonly string[]): KubeConfig {
  let merged: KubeConfig | undefined;
  for (const file of files) {
    const kube = new KubeConfig();
    kube.loadFromFile(file);
    readTokenFiles(kube, file);
    if (merged === undefined) merged = kube;
    else merge(merged, kube);
  }
  if (merged === undefined) throw new Error('no kubeconfig file is named');
  return merged;
}

/** As kubectl: what an earlier file says wins. The library's own merge refuses names that are in both. */
function merge(into: KubeConfig, from: KubeConfig): void {
  const joined = <T extends { readonly name: string }>(first: readonly T[], second: readonly T[]): T[] => {
    const names = new Set(first.map(({ name }) => name));
    return [...first, ...second.filter(({ name }) => !names.has(name))];
  };
  into.clusters = joined(into.clusters, from.clusters);
  into.users = joined(into.users, from.users);
  into.contexts = joined(into.contexts, from.contexts);
  if (!into.currentContext) into.setCurrentContext(from.currentContext);
}

/** The library does not know `tokenFile` of a kubeconfig's user, only the same thing as an auth provider. */
function readTokenFiles(kube: KubeConfig, file: string): void {
  const { users } = parse(readFileSync(file, 'utf8')) as {
    users?: readonly { name?: string; user?: { tokenFile?: string } | null }[] | null;
  };
  kube.users = kube.users.map((user) => {
    const tokenFile = users?.find((entry) => entry.name === user.name)?.user?.tokenFile;
    if (tokenFile === undefined) return user;
    const config = { tokenFile: resolve(dirname(file), tokenFile) };
    return { ...user, authProvider: { name: 'tokenFile', config } };
  });
}
