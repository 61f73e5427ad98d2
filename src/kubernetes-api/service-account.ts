import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where the API server is and who this pod is, as Kubernetes tells every pod. */
export interface PodAccess {
  readonly server: URL;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** Whether this runs in a pod. */
export function isPod(env: NodeJS.ProcessEnv): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/**
 * Reads a file of the pod's service account: `ca.crt`, `namespace` or `token`. `$SLUICE_SERVICE_ACCOUNT_DIR` is where a
 * projected volume mounts them elsewhere. Throws where there is none.
 */
export function readServiceAccount(file: string, env: NodeJS.ProcessEnv = process.env): string {
  return readFileSync(join(env['SLUICE_SERVICE_ACCOUNT_DIR'] ?? DIRECTORY, file), 'utf8').trim();
}

/**
 * The kubelet replaces the token every hour or so: this is read for each request. Not through the Kubernetes client
 * library, which is loaded where there is a kubeconfig: its generated code costs each replica some 90 MB and a start
 * 0.4 s, see docs/design/kubernetes-source.md.
 */
export function podAccess(env: NodeJS.ProcessEnv): PodAccess {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    ca: readServiceAccount('ca.crt', env),
    token: readServiceAccount('token', env),
  };
}

/** The namespace of the pod that this runs in; `otherwise` where it is none. */
export function podNamespace(otherwise: string): string {
  try {
    return readServiceAccount('namespace') || otherwise;
  } catch {
    return otherwise;
  }
}
