import { PASSTHROUGH_ANNOTATIONS } from '../../model/annotations.ts';
import { parseGoBool } from '../../model/go-bool.ts';
import type { Dialect } from './dialect.ts';
import { droppedAnnotation, isCanary, noCanary, PASSES_NOW } from './ingress-nginx.ts';

/** In the order in which Higress itself reads the two; Sluice's own is not read by it. */
const [, ...PASSTHROUGH] = PASSTHROUGH_ANNOTATIONS;

const CANARIES = ['nginx.ingress.kubernetes.io/canary', 'higress.io/canary'];

/**
 * Higress v2.2.4, which reads ingress-nginx's annotations as well. pkg/ingress/kube/ingressv1/controller.go: of a canary, and of a host
 * without a path `/` of any type, it makes no server that passes TLS through.
 */
export const HIGRESS: Dialect = {
  controller: 'Higress',
  classControllers: ['higress.io/'],
  passthrough: PASSTHROUGH,
  asks: parseGoBool,
  annotation(name, value) {
    if (PASSTHROUGH.includes(name)) return PASSES_NOW;
    if (CANARIES.includes(name) && isCanary(value)) return noCanary('Higress');
    return droppedAnnotation(name, 'higress.io/') ?? droppedAnnotation(name, 'nginx.ingress.kubernetes.io/');
  },
  takesNoHost: (annotations) => CANARIES.some((name) => isCanary(annotations[name])),
  isRootOfAnyType: true,
  withoutRoot: {
    fate: 'replaced',
    matters: 'much',
    text: 'Higress passed no host without a path / through; Sluice passes all of it through. Remove the host where that is not what it is for.',
  },
};
