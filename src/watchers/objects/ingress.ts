import { foreignAnnotation } from '../../model/foreign-annotations.ts';
import { DEFAULT_CLASS_ANNOTATION } from '../../model/names.ts';
import type { Ingress, IngressBackend, IngressClass, ObjectMeta } from '../../model/objects.ts';
import { Recent } from '../../model/recent.ts';
import type { Fields } from './fields.ts';
import {
  list,
  nonEmptyString,
  optionalFields,
  optionalInteger,
  optionalString,
  requiredFields,
  requiredString,
} from './fields.ts';

/** Values with which annotations of other controllers ask for passthrough. */
const ASKS = /^(?:1|t|true|enabled|passthrough)$/i;

/** Ingresses that one tool writes have the same annotations. */
const foreignLists = new Recent<readonly string[]>(
  (a, b) => a.length === b.length && a.every((name, index) => name === b[index]),
);

/** Of the annotations that Sluice does not read, the names of those of which it knows what they mean elsewhere. */
function foreignAnnotations(raw: Fields): readonly string[] {
  const metadata = optionalFields(raw, 'metadata');
  const annotations = (metadata && optionalFields(metadata, 'annotations')) ?? {};
  return Object.entries(annotations)
    .flatMap(([written, value]) => {
      const known = foreignAnnotation(written);
      if (known === undefined) return [];
      return known.meaning === 'dropped' || ASKS.test(String(value)) ? [known.name] : [];
    })
    .sort();
}

export function decodeIngress(raw: Fields, meta: ObjectMeta): Ingress {
  const spec = optionalFields(raw, 'spec') ?? {};
  const defaultBackend = optionalFields(spec, 'defaultBackend');
  const foreign = foreignAnnotations(raw);
  return {
    kind: 'Ingress',
    meta,
    ...(foreign.length === 0 ? {} : { foreignAnnotations: foreignLists.share(foreign) }),
    ingressClassName: nonEmptyString(spec, 'ingressClassName'),
    defaultBackend: defaultBackend && decodeBackend(defaultBackend),
    rules: list(spec, 'rules', (rule) => {
      const http = optionalFields(rule, 'http');
      return { host: nonEmptyString(rule, 'host'), paths: http ? list(http, 'paths', decodePath) : [] };
    }),
  };
}

function decodePath(raw: Fields): Ingress['rules'][number]['paths'][number] {
  return {
    path: optionalString(raw, 'path') ?? '',
    pathType: requiredString(raw, 'pathType'),
    backend: decodeBackend(requiredFields(raw, 'backend')),
  };
}

function decodeBackend(raw: Fields): IngressBackend {
  const service = optionalFields(raw, 'service');
  if (service === undefined) return { service: undefined };
  const port = optionalFields(service, 'port');
  return {
    service: {
      name: requiredString(service, 'name'),
      // The API has plain fields here: 0 and "" mean that they are not set.
      port: port && (optionalInteger(port, 'number') || nonEmptyString(port, 'name')),
    },
  };
}

export function decodeIngressClass(raw: Fields, meta: ObjectMeta): IngressClass {
  const spec = optionalFields(raw, 'spec') ?? {};
  const annotations = optionalFields(requiredFields(raw, 'metadata'), 'annotations') ?? {};
  return {
    kind: 'IngressClass',
    meta,
    controller: optionalString(spec, 'controller') ?? '',
    isDefault: optionalString(annotations, DEFAULT_CLASS_ANNOTATION) === 'true',
  };
}
