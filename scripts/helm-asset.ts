import { type GoProgram, goProgram } from './kubernetes-assets.ts';

/** The chart itself is of the format that Helm 3 and 4 read. */
export const HELM_VERSION = 'v4.3.1';

const helmProgram: GoProgram = {
  name: 'helm',
  version: HELM_VERSION,
  pkg: 'helm.sh/helm/v4/cmd/helm',
  // What it takes the cluster's version for in "helm template", where no cluster is asked.
  ldflags: ` -X helm.sh/helm/v4/internal/version.version=${HELM_VERSION}`,
  module: () => `module sluice.test/helm\n\ngo 1.26.0\n\nrequire helm.sh/helm/v4 ${HELM_VERSION}\n`,
};

/** Path of Helm, built once (some 2 minutes on 2 cores). Same errors as `kubernetesAsset`. */
export function helm(): Promise<string> {
  return goProgram(helmProgram);
}
