import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import type { Finding, OldBackend, OldRoute } from '../old-route.ts';
import { type Fields, fieldsOf, listOf, numberOf, type RawObject, textOf } from '../raw-object.ts';
import { readAnnotations, type Tell, tellInto } from './telling.ts';

/** Finds another HTTPProxy, which `tcpproxy.include` may name. */
export type ProxyLookup = (namespace: string, name: string) => RawObject | undefined;

/** Of HTTPProxies that include each other. */
const MOST_INCLUDES = 20;

/** An HTTPProxy of Contour with `tls.passthrough`; `undefined` for any other. */
export function readHttpProxy(raw: RawObject, proxy: ProxyLookup): OldRoute | undefined {
  const spec = fieldsOf(raw.fields['spec']);
  const virtualHost = fieldsOf(spec['virtualhost']);
  if (fieldsOf(virtualHost['tls'])['passthrough'] !== true) return undefined;
  const findings: Finding[] = [];
  const tell = tellInto(findings, raw);
  const annotations = readAnnotations(raw, tell);
  tell('spec.virtualhost.tls.passthrough', {
    fate: 'replaced',
    matters: 'no',
    text: 'The listener of the Gateway passes TLS through.',
  });
  if (listOf(spec['routes']).length > 0)
    tell('spec.routes', {
      fate: 'lost',
      matters: 'some',
      text: 'Beside passthrough they answered plain HTTP on port 80, which Sluice does not serve.',
    });
  for (const field of [
    'rateLimitPolicy',
    'ipAllowPolicy',
    'ipDenyPolicy',
    'authorization',
    'corsPolicy',
    'jwtProviders',
  ])
    if (virtualHost[field] !== undefined)
      tell(`spec.virtualhost.${field}`, {
        fate: 'lost',
        matters: 'no',
        text: 'It worked on requests, of which a host that is passed through shows none.',
      });
  const written = textOf(virtualHost['fqdn']) ?? '';
  const host = normalizeHostname(written);
  const isValid = isValidHostname(host);
  if (!isValid)
    tell('spec.virtualhost.fqdn', {
      fate: 'lost',
      matters: 'much',
      text: `${JSON.stringify(host.slice(0, 80))} is no host name that a TLSRoute can have.`,
    });
  const backends = isValid ? readTcpProxy(raw, proxy, tell) : [];
  const { kind, namespace, name, created } = raw;
  return {
    controller: 'Contour',
    kind,
    namespace,
    name,
    created,
    annotations,
    hosts: isValid ? [{ host, backends }] : [],
    findings,
  };
}

/** The backends of `tcpproxy`, which may be in another object. */
function readTcpProxy(first: RawObject, proxy: ProxyLookup, tell: Tell): readonly OldBackend[] {
  let holder = first;
  for (let depth = 0; depth < MOST_INCLUDES; depth += 1) {
    const tcp = fieldsOf(fieldsOf(holder.fields['spec'])['tcpproxy']);
    const include = [tcp['include'], tcp['includes']].map(fieldsOf).find(({ name }) => textOf(name));
    const services = listOf(tcp['services']);
    if (include === undefined || services.length > 0) {
      tellPolicies(tcp, tell);
      if (services.length === 0)
        tell('spec.tcpproxy', { fate: 'lost', matters: 'much', text: 'It names no Service to send to.' });
      return weighted(
        services.flatMap((service, index) =>
          readService(holder, service, `spec.tcpproxy.services[${index}]`, tell),
        ),
      );
    }
    const namespace = textOf(include['namespace']) ?? holder.namespace;
    const name = textOf(include['name']) ?? '';
    const next = proxy(namespace, name);
    if (next === undefined) {
      tell('spec.tcpproxy.include', {
        fate: 'lost',
        matters: 'much',
        text: `HTTPProxy ${namespace}/${name} is not there, so nothing takes the connections.`,
      });
      return [];
    }
    holder = next;
  }
  tell('spec.tcpproxy.include', {
    fate: 'lost',
    matters: 'much',
    text: 'The HTTPProxies include each other in a circle.',
  });
  return [];
}

function tellPolicies(tcp: Fields, tell: Tell): void {
  if (tcp['loadBalancerPolicy'] !== undefined)
    tell('spec.tcpproxy.loadBalancerPolicy', {
      fate: 'replaced',
      matters: 'no',
      text: 'New connections are spread over all ready endpoints.',
    });
  if (tcp['healthCheckPolicy'] !== undefined)
    tell('spec.tcpproxy.healthCheckPolicy', {
      fate: 'replaced',
      matters: 'no',
      text: 'The readiness of the pods decides which endpoints get connections.',
    });
}

function readService(holder: RawObject, service: Fields, field: string, tell: Tell): readonly OldBackend[] {
  const name = textOf(service['name']);
  if (name === undefined) return [];
  if (textOf(service['protocol']) === 'tls')
    tell(`${field}.protocol`, {
      fate: 'lost',
      matters: 'much',
      text: 'Contour wrapped the connection in TLS of its own, which Sluice does not.',
    });
  if (service['mirror'] === true) {
    tell(`${field}.mirror`, { fate: 'lost', matters: 'some', text: 'No connection is mirrored.' });
    return [];
  }
  return [
    {
      namespace: holder.namespace,
      service: name,
      port: numberOf(service['port']),
      weight: numberOf(service['weight']) ?? 0,
    },
  ];
}

/** No weight is 0, which gets no connections; but where none has another, all get the same (internal/envoy/v3/listener.go). */
function weighted(backends: readonly OldBackend[]): readonly OldBackend[] {
  if (backends.some(({ weight }) => weight > 0)) return backends;
  return backends.map((each) => ({ ...each, weight: 1 }));
}
