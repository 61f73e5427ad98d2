import { filePath, word } from '../../flag-values.ts';

/** How a command reaches the Kubernetes API. */
export const KUBERNETES_FLAGS = {
  kubeconfig: {
    name: '--kubeconfig',
    value: 'FILE',
    description: "unless set, $KUBECONFIG, the pod's service account, ~/.kube/config",
    env: 'SLUICE_KUBECONFIG',
    schema: filePath,
  },
  context: {
    name: '--context',
    value: 'NAME',
    description: 'context of the kubeconfig, unless it is its current one',
    env: 'SLUICE_KUBE_CONTEXT',
    schema: word,
  },
} as const;
