import { findEnvoy } from '../../scripts/fetch-envoy.ts';
import { gatewayApiCrds, kubernetesAsset } from '../../scripts/kubernetes-assets.ts';

/** Envoy, API server, etcd and CRDs into the cache, where they are not there yet. Throws `AssetError`. */
export async function fetchPrograms(): Promise<void> {
  await findEnvoy();
  await kubernetesAsset('etcd');
  await kubernetesAsset('kube-apiserver');
  await gatewayApiCrds('standard');
}
