import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import type { Evaluated, TenantVariables } from '../mapping/expression.ts';
import type { AnnotationTemplates, ParentTemplate, PortMapping, TenantMapping } from '../mapping/mapping.ts';
import type { Template } from '../mapping/template.ts';
import { type Problem, type ProblemCode, problem } from '../problem.ts';
import { type EndpointHost, quoted, readEndpointValue, readPort } from './endpoint-value.ts';

export interface ParentName {
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string | undefined;
}

export interface IntentPort {
  readonly name: string;
  readonly servicePort: number;
  /** Where the endpoint listens. */
  readonly port: number;
  /** Normalised. */
  readonly hosts: readonly string[];
  /** Name of the TLSRoute. */
  readonly route: string;
  readonly parentRefs: readonly ParentName[];
}

/** What a tenant object asks for, as far as the object alone says. */
export type Intent =
  | {
      readonly type: 'exposed';
      readonly hosts: readonly EndpointHost[];
      /** Name of the Service. */
      readonly service: string;
      /** At least one. */
      readonly ports: readonly IntentPort[];
      readonly serviceAnnotations: Readonly<Record<string, string>>;
      readonly routeAnnotations: Readonly<Record<string, string>>;
    }
  /** Not for us: what was made is removed. */
  | { readonly type: 'unwanted' }
  /** Nothing can be made of it now: what was made before stays. */
  | { readonly type: 'unclear'; readonly problem: Problem };

/** A tenant object, of which nothing but its name has been checked. */
export interface TenantObject {
  readonly metadata: { readonly namespace?: string; readonly name: string };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** At most 63 characters. */
const SERVICE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Of other objects; at most 253 characters. */
export const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MESSAGE_BYTES = 300;

/** Ends the reading of an object with what is wrong. */
class Unclear extends Error {
  readonly problem: Problem;

  constructor(code: ProblemCode, message: string) {
    super(message);
    this.problem = problem(code, message.slice(0, MESSAGE_BYTES * 2));
  }
}

/** Pure, and never throws. */
export function intentOf(object: TenantObject, mapping: TenantMapping): Intent {
  try {
    return read(object, mapping);
  } catch (error) {
    if (error instanceof Unclear) return { type: 'unclear', problem: error.problem };
    throw error;
  }
}

function read(object: TenantObject, mapping: TenantMapping): Intent {
  const { metadata, spec, status } = object;
  const { namespace = '', name } = metadata;
  const variables: TenantVariables = {
    name,
    namespace,
    domain: mapping.domain,
    metadata,
    spec: asObject(spec),
    status: asObject(status),
  };
  if (mapping.when !== undefined && !isTrue(mapping.when(variables), 'when')) return { type: 'unwanted' };
  const found = givenBy(mapping.endpoint(variables), 'endpoint');
  const endpoint = found === undefined ? undefined : readEndpointValue(found);
  if (endpoint === undefined) throw new Unclear('SLUICE_TENANT_NO_ENDPOINT', `${name} has no endpoint yet.`);
  if (typeof endpoint === 'string')
    throw new Unclear('SLUICE_TENANT_ENDPOINT_INVALID', `The endpoint cannot be used: ${endpoint}.`);
  const ports = mapping.ports
    .filter(({ when }) => when === undefined || isTrue(when(variables), 'when of a port'))
    .map((port, index) => readIntentPort(port, index === 0 ? endpoint.port : undefined, variables, mapping));
  if (ports.length === 0) return { type: 'unwanted' };
  requireDistinct(ports);
  const own = endpoint.hosts.find(({ host }) => ports.some(({ hosts }) => hosts.includes(host)));
  if (own !== undefined)
    throw new Unclear(
      'SLUICE_TENANT_ENDPOINT_INVALID',
      `The endpoint ${own.host} is the public host itself: connections would come back for ever.`,
    );
  const service = textOf(mapping.service, variables, 'service');
  if (!SERVICE_NAME.test(service))
    throw new Unclear(
      'SLUICE_TENANT_OBJECT_INVALID',
      `${JSON.stringify(service)} cannot be the name of a Service: at most 63 small letters, digits and hyphens, a letter first.`,
    );
  return {
    type: 'exposed',
    hosts: endpoint.hosts,
    service,
    ports,
    serviceAnnotations: readAnnotations(mapping.serviceAnnotations, variables),
    routeAnnotations: readAnnotations(mapping.routeAnnotations, variables),
  };
}

function readIntentPort(
  mapping: PortMapping,
  endpointPort: number | undefined,
  variables: TenantVariables,
  { domain }: TenantMapping,
): IntentPort {
  const { name, servicePort } = mapping;
  const given = mapping.port && givenBy(mapping.port(variables), `port of ${name}`);
  const port = given === undefined ? (endpointPort ?? servicePort) : readPort(given);
  if (port === undefined)
    throw new Unclear('SLUICE_TENANT_ENDPOINT_INVALID', `${quoted(given)} is no port (${name}).`);
  const route = textOf(mapping.route, variables, 'route');
  if (!OBJECT_NAME.test(route) || route.length > 253)
    throw new Unclear(
      'SLUICE_TENANT_OBJECT_INVALID',
      `${JSON.stringify(route)} cannot be the name of a TLSRoute.`,
    );
  const hosts = mapping.hosts.map((each) => readHost(each, variables, domain));
  const parentRefs = mapping.parentRefs.map((each) => readParent(each, variables));
  return { name, servicePort, port, hosts: [...new Set(hosts)], route, parentRefs };
}

function readHost(template: Template, variables: TenantVariables, domain: string): string {
  const host = normalizeHostname(textOf(template, variables, 'hosts'));
  if (!isValidHostname(host) || host.startsWith('*'))
    throw new Unclear('SLUICE_TENANT_HOST_INVALID', `${JSON.stringify(host)} is no name of a host.`);
  if (domain !== '' && !host.endsWith(`.${domain}`))
    throw new Unclear('SLUICE_TENANT_HOST_INVALID', `${host} is not in the domain ${domain}.`);
  return host;
}

function readParent(
  { namespace, name, sectionName }: ParentTemplate,
  variables: TenantVariables,
): ParentName {
  return {
    namespace:
      namespace === undefined ? variables.namespace : textOf(namespace, variables, 'parentRefs.namespace'),
    name: textOf(name, variables, 'parentRefs.name'),
    sectionName: sectionName && textOf(sectionName, variables, 'parentRefs.sectionName'),
  };
}

function readAnnotations(
  templates: AnnotationTemplates,
  variables: TenantVariables,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...templates].map(([name, template]) => [name, textOf(template, variables, `annotations.${name}`)]),
  );
}

/** Two ports must not be one Service port, one route, or share a host: the second would take the first's place. */
function requireDistinct(ports: readonly IntentPort[]): void {
  const seen = new Set<string>();
  for (const { servicePort, route, hosts } of ports) {
    for (const each of [`port ${servicePort}`, `route ${route}`, ...hosts.map((host) => `host ${host}`)]) {
      if (seen.has(each))
        throw new Unclear('SLUICE_TENANT_OBJECT_INVALID', `Two ports of the mapping have the same ${each}.`);
      seen.add(each);
    }
  }
}

function isTrue(result: Evaluated, what: string): boolean {
  const value = givenBy(result, what);
  return value === true || value === 'true';
}

function textOf(template: Template, variables: TenantVariables, what: string): string {
  const result = template(variables);
  if (result.type === 'text') return result.text;
  if (result.type === 'absent')
    throw new Unclear('SLUICE_TENANT_EXPRESSION', `The object has no value yet for ${what}.`);
  throw new Unclear('SLUICE_TENANT_EXPRESSION', `${what}: ${result.message.slice(0, MESSAGE_BYTES)}`);
}

/** `undefined`: it is not there. */
function givenBy(result: Evaluated, what: string): unknown {
  if (result.type === 'failed')
    throw new Unclear('SLUICE_TENANT_EXPRESSION', `${what}: ${result.message.slice(0, MESSAGE_BYTES)}`);
  return result.type === 'value' ? result.value : undefined;
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
