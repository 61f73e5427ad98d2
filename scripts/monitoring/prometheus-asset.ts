import { type GoProgram, goProgram } from '../kubernetes-assets.ts';

/** Version of the Go module: v0.315.1 is Prometheus 3.15.1. */
const PROMETHEUS_MODULE_VERSION = 'v0.315.1';

export type PrometheusProgram = 'promtool' | 'prometheus';

/**
 * Path of a program of Prometheus, built once: without service discovery, of which the tests need none and which is most of what
 * there is to build. Same errors as `kubernetesAsset`.
 */
export function prometheusProgram(name: PrometheusProgram): Promise<string> {
  const program: GoProgram = {
    name,
    version: PROMETHEUS_MODULE_VERSION,
    tags: 'remove_all_sd',
    pkg: `github.com/prometheus/prometheus/cmd/${name}`,
    module: () =>
      `module sluice.test/prometheus\n\ngo 1.26.0\n\nrequire github.com/prometheus/prometheus ${PROMETHEUS_MODULE_VERSION}\n`,
  };
  return goProgram(program);
}
