import { PASSTHROUGH_ANNOTATIONS } from '../../model/annotations.ts';
import { parseGoBool } from '../../model/go-bool.ts';
import type { Dialect } from './dialect.ts';
import { droppedAnnotation, PASSES_NOW } from './ingress-nginx.ts';

/** In the order in which Higress itself reads the two; Sluice's own is not read by it. */
const [, ...PASSTHROUGH] = PASSTHROUGH_ANNOTATIONS;

/** Higress v2.2.4, which reads ingress-nginx's annotations as well. */
export const HIGRESS: Dialect = {
  controller: 'Higress',
  classControllers: ['higress.io/'],
  passthrough: PASSTHROUGH,
  asks: parseGoBool,
  annotation(name) {
    if (PASSTHROUGH.includes(name)) return PASSES_NOW;
    return droppedAnnotation(name, 'higress.io/') ?? droppedAnnotation(name, 'nginx.ingress.kubernetes.io/');
  },
};
