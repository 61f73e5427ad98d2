/**
 * Gets what the tests run for real and npm cannot install: Envoy, etcd, kube-apiserver, kube-controller-manager, Helm,
 * Prometheus, Chromium, nginx and the Gateway API's CRDs.
 * Fetched or built once, into a cache outside the tree; says what it does, and names what is missing.
 */
import './require-node.mjs';

import process from 'node:process';
import { nginx } from './assets/nginx-asset.ts';
import { chromium } from './chromium-asset.ts';
import { echoServer } from './conformance-assets.ts';
import { findEnvoy } from './fetch-envoy.ts';
import { helm } from './helm-asset.ts';
import { AssetError } from './kubernetes-assets.cache.ts';
import { gatewayApiCrds, kubernetesAsset, kubernetesOpenApi } from './kubernetes-assets.ts';
import { prometheusProgram } from './monitoring/prometheus-asset.ts';

const STEPS: readonly { readonly what: string; readonly get: () => Promise<string> }[] = [
  { what: 'Envoy', get: findEnvoy },
  { what: 'etcd', get: () => kubernetesAsset('etcd') },
  { what: 'kube-apiserver', get: () => kubernetesAsset('kube-apiserver') },
  { what: 'kube-controller-manager', get: () => kubernetesAsset('kube-controller-manager') },
  { what: 'echo-basic', get: echoServer },
  { what: 'Helm', get: helm },
  { what: 'promtool', get: () => prometheusProgram('promtool') },
  { what: 'Prometheus', get: () => prometheusProgram('prometheus') },
  { what: 'Chromium', get: async () => (await chromium()).executable },
  // Without it one test is skipped, and says so.
  { what: 'nginx', get: async () => await nginx().then(({ program }) => program, String) },
  { what: 'CRDs, standard channel', get: () => gatewayApiCrds('standard') },
  { what: 'CRDs, experimental channel', get: () => gatewayApiCrds('experimental') },
  { what: "Kubernetes' OpenAPI documents", get: () => kubernetesOpenApi() },
];

try {
  for (const { what, get } of STEPS) process.stderr.write(`prepare: ${what}: ${await get()}\n`);
} catch (error) {
  if (!(error instanceof AssetError)) throw error;
  process.stderr.write(`prepare: ${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
