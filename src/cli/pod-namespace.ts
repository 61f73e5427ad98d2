import { readServiceAccount } from '../kubernetes-api/service-account.ts';

/** The namespace of the pod that this runs in, or the one that Sluice is installed in by its manifests. */
export function podNamespace(): string {
  try {
    return readServiceAccount('namespace') || 'sluice-system';
  } catch {
    return 'sluice-system';
  }
}
