/** ValidateIngressCreate and ValidateIngressClass of k8s.io/kubernetes, pkg/apis/networking/validation. */
import {
  DNS_LABEL_WORDS,
  DNS_SUBDOMAIN_WORDS,
  isDnsLabel,
  isDnsSubdomain,
  isDomainPrefixedPath,
  isPathSegment,
  isPort,
  isPortName,
  isSloppyIPv4,
  isWildcardSubdomain,
  PORT_NAME_WORDS,
} from '../formats.ts';
import type { Metadata } from '../metadata.ts';
import { type FieldPath, type Findings, shown } from '../refusal.ts';

interface Reference {
  readonly apiGroup?: string;
  readonly kind?: string;
  readonly name?: string;
}

interface Backend {
  readonly service?: {
    readonly name?: string;
    readonly port?: { readonly name?: string; readonly number?: number };
  };
  readonly resource?: Reference;
}

interface HttpPath {
  readonly path?: string;
  readonly pathType?: string;
  readonly backend?: Backend;
}

/** With the fields of its schema, which have been checked. */
export interface IngressFields {
  readonly metadata?: Metadata;
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: Backend;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths?: readonly HttpPath[] };
    }[];
    readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
  };
}

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export function checkIngress({ metadata, spec = {} }: IngressFields, findings: Findings): void {
  const { ingressClassName: className, defaultBackend, rules = [], tls = [] } = spec;
  if (rules.length === 0 && defaultBackend === undefined)
    findings.refuse(['spec'], 'must have rules or a defaultBackend');
  if (defaultBackend !== undefined) checkBackend(defaultBackend, ['spec', 'defaultBackend'], findings);
  for (const [index, { host = '', http }] of rules.entries()) {
    const path = ['spec', 'rules', index];
    if (host !== '') checkHost(host, [...path, 'host'], findings);
    if (http !== undefined) checkPaths(http.paths ?? [], [...path, 'http', 'paths'], findings);
  }
  for (const [index, { hosts = [], secretName = '' }] of tls.entries()) {
    const path = ['spec', 'tls', index];
    for (const [at, host] of hosts.entries()) checkName(host, [...path, 'hosts', at], findings);
    if (secretName !== '' && !isDnsSubdomain(secretName))
      findings.refuse([...path, 'secretName'], `must be ${DNS_SUBDOMAIN_WORDS}, not ${shown(secretName)}`);
  }
  if (className === undefined) return;
  if (!isDnsSubdomain(className))
    findings.refuse(['spec', 'ingressClassName'], `must be ${DNS_SUBDOMAIN_WORDS}, not ${shown(className)}`);
  const annotated = metadata?.annotations?.[CLASS_ANNOTATION];
  if (annotated !== undefined && annotated !== className)
    findings.refuse(
      ['metadata', 'annotations', CLASS_ANNOTATION],
      `must be spec.ingressClassName, ${shown(className)}, or be left out, not ${shown(annotated)}`,
    );
}

function checkHost(host: string, path: FieldPath, findings: Findings): void {
  if (isSloppyIPv4(host)) findings.refuse(path, `must be a host name, not the address ${shown(host)}`);
  else checkName(host, path, findings);
}

function checkName(host: string, path: FieldPath, findings: Findings): void {
  if (host.includes('*') ? isWildcardSubdomain(host) : isDnsSubdomain(host)) return;
  const wildcard = host.includes('*') ? 'its first part alone may be "*", and the rest must be ' : 'must be ';
  findings.refuse(path, `${wildcard}${DNS_SUBDOMAIN_WORDS}, not ${shown(host)}`);
}

function checkPaths(paths: readonly HttpPath[], path: FieldPath, findings: Findings): void {
  if (paths.length === 0) findings.refuse(path, 'must have at least one entry');
  for (const [index, { path: text = '', pathType, backend = {} }] of paths.entries()) {
    const at = [...path, index];
    if (pathType === undefined) {
      findings.refuse([...at, 'pathType'], 'is required');
      continue;
    }
    const wrong = wrongPath(text, pathType);
    if (wrong !== undefined) findings.refuse([...at, wrong.field], wrong.message);
    checkBackend(backend, [...at, 'backend'], findings);
  }
}

function wrongPath(
  text: string,
  pathType: string,
): { readonly field: 'path' | 'pathType'; readonly message: string } | undefined {
  if (!['Exact', 'Prefix', 'ImplementationSpecific'].includes(pathType)) {
    const message = `must be Exact, Prefix or ImplementationSpecific, not ${shown(pathType)}`;
    return { field: 'pathType', message };
  }
  const isFree = pathType === 'ImplementationSpecific';
  if (!text.startsWith('/') && !(isFree && text === ''))
    return { field: 'path', message: `must begin with "/", unlike ${shown(text)}` };
  if (isFree) return undefined;
  const [inside] = ['//', '/./', '/../', '%2f', '%2F'].filter((part) => text.includes(part));
  const [end] = ['/..', '/.'].filter((part) => text.endsWith(part));
  const bad = inside ?? end;
  return bad === undefined
    ? undefined
    : { field: 'path', message: `must not hold ${bad}, unlike ${shown(text)}` };
}

function checkBackend({ service, resource }: Backend, path: FieldPath, findings: Findings): void {
  if (service !== undefined && resource !== undefined) {
    findings.refuse(path, 'must have a service or a resource, not both');
  } else if (resource !== undefined) {
    checkReference(resource, [...path, 'resource'], findings);
  } else if (service === undefined) {
    findings.refuse(path, 'must have a service or a resource');
  } else {
    const { name = '', port = {} } = service;
    const at = [...path, 'service'];
    if (name === '') findings.refuse([...at, 'name'], 'is required');
    else if (!isDnsLabel(name))
      findings.refuse([...at, 'name'], `must be ${DNS_LABEL_WORDS}, not ${shown(name)}`);
    checkPort(port, [...at, 'port'], findings);
  }
}

function checkPort(
  { name = '', number = 0 }: { readonly name?: string; readonly number?: number },
  path: FieldPath,
  findings: Findings,
): void {
  if (name !== '' && number !== 0) findings.refuse(path, 'must have a name or a number, not both');
  else if (name === '' && number === 0) findings.refuse(path, 'must have a name or a number');
  else if (name === '' && !isPort(number))
    findings.refuse([...path, 'number'], `must be from 1 to 65535, not ${number}`);
  else if (name !== '' && !isPortName(name))
    findings.refuse([...path, 'name'], `must be ${PORT_NAME_WORDS}, not ${shown(name)}`);
}

function checkReference(
  { apiGroup, kind = '', name = '' }: Reference,
  path: FieldPath,
  findings: Findings,
): void {
  if (apiGroup !== undefined && !isDnsSubdomain(apiGroup))
    findings.refuse([...path, 'apiGroup'], `must be ${DNS_SUBDOMAIN_WORDS}, not ${shown(apiGroup)}`);
  for (const [field, value] of Object.entries({ kind, name })) {
    if (value === '') findings.refuse([...path, field], 'is required');
    else if (!isPathSegment(value))
      findings.refuse(
        [...path, field],
        `must not be "." or "..", nor hold "/" or "%", unlike ${shown(value)}`,
      );
  }
}

export interface IngressClassFields {
  readonly spec?: {
    readonly controller?: string;
    readonly parameters?: Reference & { readonly scope?: string; readonly namespace?: string };
  };
}

const MAX_CONTROLLER = 250;

export function checkIngressClass(
  { spec: { controller = '', parameters } = {} }: IngressClassFields,
  findings: Findings,
): void {
  const path = ['spec', 'controller'];
  if (controller === '') findings.refuse(path, 'is required');
  else if (controller.length > MAX_CONTROLLER)
    findings.refuse(path, `must have at most ${MAX_CONTROLLER} characters`);
  else if (!isDomainPrefixedPath(controller))
    findings.refuse(path, `must be a DNS name, "/" and a path, not ${shown(controller)}`);
  if (parameters === undefined) return;
  const { scope = 'Cluster', namespace } = parameters;
  const at = ['spec', 'parameters'];
  checkReference(parameters, at, findings);
  if (scope !== 'Cluster' && scope !== 'Namespace')
    findings.refuse([...at, 'scope'], `must be Cluster or Namespace, not ${shown(scope)}`);
  else if (scope === 'Cluster' && namespace !== undefined)
    findings.refuse([...at, 'namespace'], 'must be left out where the scope is Cluster');
  else if (scope === 'Namespace' && namespace === undefined)
    findings.refuse([...at, 'namespace'], 'is required where the scope is Namespace');
  else if (namespace !== undefined && !isDnsLabel(namespace))
    findings.refuse([...at, 'namespace'], `must be ${DNS_LABEL_WORDS}, not ${shown(namespace)}`);
}
