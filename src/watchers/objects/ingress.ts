import { DEFAULT_CLASS_ANNOTATION } from '../../model/names.ts';
import type { Ingress, IngressBackend, IngressClass, ObjectMeta } from '../../model/objects.ts';
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

export function decodeIngress(raw: Fields, meta: ObjectMeta): Ingress {
  const spec = optionalFields(raw, 'spec') ?? {};
  const defaultBackend = optionalFields(spec, 'defaultBackend');
  return {
    kind: 'Ingress',
    meta,
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
