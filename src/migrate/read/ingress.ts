import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import { INGRESS_CLASS_ANNOTATION, OWN_PREFIX } from '../../model/names.ts';
import type { Finding, OldBackend, OldHost, OldRoute } from '../old-route.ts';
import { type Fields, fieldsOf, listOf, numberOf, type RawObject, textOf } from '../raw-object.ts';
import type { Dialect } from './dialect.ts';
import { HAPROXY, HAPROXY_INGRESS } from './haproxy.ts';
import { HIGRESS } from './higress.ts';
import { INGRESS_NGINX } from './ingress-nginx.ts';
import { readAnnotations, type Tell, tellInto } from './telling.ts';

const SERVED = 'networking.k8s.io/v1';

const DIALECTS: readonly Dialect[] = [INGRESS_NGINX, HIGRESS, HAPROXY, HAPROXY_INGRESS];

/** `spec.controller` of an IngressClass by its name; `undefined` where it is not known. */
export type ClassController = (name: string | undefined) => string | undefined;

/** An Ingress that asks for passthrough in the words of another controller; `undefined` for any other, those of Sluice's own classes too. */
export function readIngress(raw: RawObject, classController: ClassController): OldRoute | undefined {
  const spec = fieldsOf(raw.fields['spec']);
  const annotated = raw.annotations[INGRESS_CLASS_ANNOTATION];
  const controller = classController(annotated ?? textOf(spec['ingressClassName']));
  if (controller?.startsWith(OWN_PREFIX)) return undefined;
  const byClass = DIALECTS.find(({ classControllers }) =>
    classControllers.some((prefix) => controller?.startsWith(prefix)),
  );
  const findings: Finding[] = [];
  const tell = tellInto(findings, raw);
  const wish = wishOf(raw, byClass === undefined ? DIALECTS : [byClass], tell);
  if (wish === undefined) {
    if (findings.length === 0) return undefined;
    return { ...identity(raw, byClass?.controller ?? 'unknown'), annotations: {}, hosts: [], findings };
  }
  const annotations = readAnnotations(raw, tell, (name, value) => wish.annotation(name, value));
  const isOld = raw.apiVersion !== SERVED;
  if (isOld)
    tell('apiVersion', {
      fate: 'lost',
      matters: 'much',
      text: `${raw.apiVersion} is served by no Kubernetes since 1.22, and its fields are not read: write it as ${SERVED}.`,
    });
  if (isOld || wish.takesNoHost?.(raw.annotations) === true)
    return { ...identity(raw, wish.controller), annotations, hosts: [], findings };
  const hosts = readHosts(raw, spec, wish, tell);
  if (textOf(spec['ingressClassName']) !== undefined)
    tell('spec.ingressClassName', {
      fate: 'replaced',
      matters: 'no',
      text: 'The parentRef of the TLSRoute names the Gateway.',
    });
  if (listOf(spec['tls']).length > 0)
    tell('spec.tls', {
      fate: 'lost',
      matters: 'no',
      text: 'The backend has the certificate; the gateway needs none, and a listener that ended TLS for the same host would be in conflict.',
    });
  return { ...identity(raw, wish.controller), annotations, hosts, findings };
}

function identity(raw: RawObject, controller: string) {
  const { kind, namespace, name, created } = raw;
  return { controller, kind, namespace, name, created };
}

/** The controller that passes the Ingress through. */
function wishOf(raw: RawObject, dialects: readonly Dialect[], tell: Tell): Dialect | undefined {
  for (const dialect of dialects) {
    for (const name of dialect.passthrough) {
      const value = raw.annotations[name];
      if (value === undefined) {
        tellUnquoted(raw, name, tell);
        continue;
      }
      const asks = dialect.asks(value);
      if (asks === true) return dialect;
      if (asks === false) break;
      tell(`metadata.annotations[${name}]`, {
        fate: 'lost',
        matters: 'some',
        text: `Its value ${JSON.stringify(value.slice(0, 40))} is neither true nor false: ${dialect.controller} passed nothing through, and no TLSRoute is made.`,
      });
    }
  }
  return undefined;
}

/** Of a file: no API server takes an annotation that is no text. */
function tellUnquoted(raw: RawObject, name: string, tell: Tell): void {
  const written = fieldsOf(fieldsOf(raw.fields['metadata'])['annotations'])[name];
  if (typeof written !== 'boolean' && typeof written !== 'number') return;
  tell(`metadata.annotations[${name}]`, {
    fate: 'lost',
    matters: 'much',
    text: `No API server takes ${written} without quotes, and no TLSRoute is made: write "${written}".`,
  });
}

interface Path {
  readonly path: string;
  readonly isExact: boolean;
  readonly backend: Fields;
}

/** Each host once, in the order in which they appear: TLS passthrough takes a host as a whole, by its path `/`. */
function readHosts(raw: RawObject, spec: Fields, dialect: Dialect, tell: Tell): readonly OldHost[] {
  const pathsByHost = new Map<string, Path[]>();
  for (const [index, rule] of listOf(spec['rules']).entries()) {
    const written = textOf(rule['host']);
    const field = `spec.rules[${index}].host`;
    const host = written === undefined ? undefined : normalizeHostname(written);
    if (host === undefined) {
      tell(field, {
        fate: 'lost',
        matters: 'some',
        text: 'A rule without a host has no name to be found by: TLS passthrough needs one.',
      });
      continue;
    }
    if (!isValidHostname(host)) {
      const text = `${JSON.stringify(host.slice(0, 80))} is no host name that a TLSRoute can have.`;
      tell(field, { fate: 'lost', matters: 'much', text });
      continue;
    }
    const paths = listOf(fieldsOf(rule['http'])['paths']).map((each) => ({
      path: textOf(each['path']) ?? '/',
      isExact: each['pathType'] === 'Exact',
      backend: fieldsOf(each['backend']),
    }));
    const known = pathsByHost.get(host);
    if (known === undefined) pathsByHost.set(host, paths);
    else for (const path of paths) known.push(path);
  }
  const fallback = spec['defaultBackend'] === undefined ? undefined : fieldsOf(spec['defaultBackend']);
  return [...pathsByHost].map(([host, paths]): OldHost => {
    if (host.startsWith('*.') && dialect.wildcard !== undefined) tell(`host ${host}`, dialect.wildcard);
    const root = paths.find(
      ({ path, isExact }) => path === '/' && (!isExact || dialect.isRootOfAnyType === true),
    );
    const chosen = root ?? paths.find(({ isExact }) => !isExact);
    const findings: Finding[] = [];
    const tellOwner = tellInto(findings, raw);
    const isWithoutRoot = root === undefined && dialect.withoutRoot !== undefined;
    const others = paths.filter((each) => each !== chosen);
    if (others.length > 0)
      tellOwner(`paths of host ${host}`, {
        fate: 'lost',
        matters: root === undefined ? 'much' : 'no',
        text: `TLS passthrough knows no paths: ${chosen === undefined ? 'no path' : chosen.path} takes the whole host, the others take nothing, regular expressions neither.`,
      });
    const backends = backendOf(raw, chosen?.backend ?? fallback, host, tellOwner);
    if (isWithoutRoot && backends.length > 0) tellOwner(`host ${host}`, dialect.withoutRoot);
    return { host, backends, isWithoutRoot, findings };
  });
}

function backendOf(
  raw: RawObject,
  backend: Fields | undefined,
  host: string,
  tell: Tell,
): readonly OldBackend[] {
  const service = fieldsOf(backend?.['service']);
  const name = textOf(service['name']);
  if (name === undefined) {
    const text =
      backend === undefined
        ? 'No path of the host gives a backend, so it is not served.'
        : 'Its backend is no Service, so it is not served: a TLSRoute sends to Services.';
    tell(`backend of host ${host}`, { fate: 'lost', matters: 'much', text });
    return [];
  }
  const port = fieldsOf(service['port']);
  return [
    {
      namespace: raw.namespace,
      service: name,
      port: numberOf(port['number']) || textOf(port['name']),
      weight: 1,
    },
  ];
}
