import {
  GATEWAY_API_TOOLCHAIN,
  GATEWAY_API_VERSION,
  type GoProgram,
  goProgram,
} from './kubernetes-assets.ts';

const IMAGES = 'sigs.k8s.io/gateway-api-conformance-images';
/**
 * What most of the suite's Pods run. The suite's own module asks for v0.2.0, which is not to be had from every module
 * proxy; the packages that it imports are here as well.
 */
const IMAGES_VERSION = 'v0.1.0';

/** The Gateway API's conformance tests are a module of their own, which asks for a place-holder of the API's. */
const SUITE_MODULE = [
  `module sluice.test/conformance\n\ngo 1.27.0\ntoolchain ${GATEWAY_API_TOOLCHAIN}\n`,
  'require (',
  `\tsigs.k8s.io/gateway-api ${GATEWAY_API_VERSION}`,
  `\tsigs.k8s.io/gateway-api/conformance ${GATEWAY_API_VERSION}`,
  ')\n',
  `replace ${IMAGES} => ${IMAGES} ${IMAGES_VERSION}\n`,
].join('\n');

const suite: GoProgram = {
  name: 'gateway-conformance',
  version: GATEWAY_API_VERSION,
  pkg: 'sigs.k8s.io/gateway-api/conformance',
  tests: true,
  module: () => SUITE_MODULE,
};

const echoBasic: GoProgram = {
  name: 'echo-basic',
  version: IMAGES_VERSION,
  pkg: `${IMAGES}/echo-basic`,
  module: () => `module sluice.test/echo-basic\n\ngo 1.26.4\n\nrequire ${IMAGES} ${IMAGES_VERSION}\n`,
};

/** The official conformance suite as an executable, built once (2 minutes on 2 cores). Same errors as `kubernetesAsset`. */
export function conformanceSuite(): Promise<string> {
  return goProgram(suite);
}

/** The server that the suite's Pods run, statically linked. Same errors as `kubernetesAsset`. */
export function echoServer(): Promise<string> {
  return goProgram(echoBasic);
}
