import { GATEWAY_API_VERSION, type GoProgram, goProgram } from './kubernetes-assets.ts';

/** The Gateway API's conformance tests are a module of their own, which asks for a place-holder of the API's. */
const MODULE = [
  'module sluice.test/conformance\n\ngo 1.26.0\n',
  'require (',
  `\tsigs.k8s.io/gateway-api ${GATEWAY_API_VERSION}`,
  `\tsigs.k8s.io/gateway-api/conformance ${GATEWAY_API_VERSION}`,
  ')\n',
].join('\n');

function program(name: string, pkg: string, tests: boolean): GoProgram {
  return { name, version: GATEWAY_API_VERSION, pkg, tests, module: () => MODULE };
}

/** The official conformance suite as an executable, built once (2 minutes on 2 cores). Same errors as `kubernetesAsset`. */
export function conformanceSuite(): Promise<string> {
  return goProgram(program('gateway-conformance', 'sigs.k8s.io/gateway-api/conformance', true));
}

/** The server that the suite's Pods run, statically linked. Same errors as `kubernetesAsset`. */
export function echoServer(): Promise<string> {
  return goProgram(program('echo-basic', 'sigs.k8s.io/gateway-api/conformance/echo-basic', false));
}
