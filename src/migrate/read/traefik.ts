import { isValidHostname, normalizeHostname } from '../../gateway/values/hostname.ts';
import type { Finding, OldBackend, OldHost, OldRoute } from '../old-route.ts';
import { type Fields, fieldsOf, listOf, numberOf, type RawObject, textOf } from '../raw-object.ts';
import { readAnnotations, type Tell, tellInto } from './telling.ts';

/** An IngressRouteTCP of Traefik with `tls.passthrough`; `undefined` for any other. */
export function readIngressRouteTcp(raw: RawObject): OldRoute | undefined {
  const spec = fieldsOf(raw.fields['spec']);
  const tls = fieldsOf(spec['tls']);
  if (tls['passthrough'] !== true) return undefined;
  const findings: Finding[] = [];
  const tell = tellInto(findings, raw);
  const annotations = readAnnotations(raw, tell);
  tell('spec.tls.passthrough', {
    fate: 'replaced',
    matters: 'no',
    text: 'The listener of the Gateway passes TLS through.',
  });
  for (const field of ['secretName', 'options', 'certResolver', 'domains'])
    if (tls[field] !== undefined)
      tell(`spec.tls.${field}`, {
        fate: 'lost',
        matters: 'no',
        text: 'It is about TLS of the gateway, which takes no part in it.',
      });
  const points = Array.isArray(spec['entryPoints']) ? spec['entryPoints'].map(String) : [];
  if (points.length > 0)
    tell('spec.entryPoints', {
      fate: 'replaced',
      matters: points.every((point) => point === 'websecure') ? 'no' : 'some',
      text: `Entry points are named in Traefik's own configuration (${points.slice(0, 5).join(', ')}); the hosts are served on the ports of the Gateway.`,
    });
  const routes = listOf(spec['routes']);
  const hosts = new Map<string, OldHost>();
  // What Traefik would try first.
  const ordered = [...routes.entries()].sort(([, a], [, b]) => rank(b) - rank(a));
  for (const [index, route] of ordered)
    for (const each of readRoute(raw, route, `spec.routes[${index}]`, tell))
      if (!hosts.has(each.host)) hosts.set(each.host, each);
      else
        tell(`spec.routes[${index}].match`, {
          fate: 'lost',
          matters: 'no',
          text: `Another route of this object has ${each.host} before it.`,
        });
  const { kind, namespace, name, created } = raw;
  return {
    controller: 'Traefik',
    kind,
    namespace,
    name,
    created,
    annotations,
    hosts: [...hosts.values()],
    findings,
  };
}

/** Unless it is given, the priority is the length of the rule. */
function rank(route: Fields): number {
  return numberOf(route['priority']) || (textOf(route['match'])?.length ?? 0);
}

function readRoute(raw: RawObject, route: Fields, field: string, tell: Tell): readonly OldHost[] {
  const match = textOf(route['match']) ?? '';
  const names = hostsOfRule(match);
  if (names === undefined) {
    tell(`${field}.match`, {
      fate: 'lost',
      matters: 'much',
      text: `${JSON.stringify(match.slice(0, 80))} is more than host names: a TLSRoute matches nothing else, no regular expression, no address of a client and no ALPN. Name the hosts.`,
    });
    return [];
  }
  if (listOf(route['middlewares']).length > 0)
    tell(`${field}.middlewares`, {
      fate: 'lost',
      matters: 'much',
      text: 'Sluice has none: what they kept out (IPAllowList) or limited (InFlightConn) is let in. sluice.dev/max-connections limits a host.',
    });
  const backends = listOf(route['services']).flatMap((service, index) =>
    readService(raw, service, `${field}.services[${index}]`, tell),
  );
  return names.flatMap((written): OldHost[] => {
    const host = normalizeHostname(written);
    if (isValidHostname(host)) return [{ host, backends }];
    const text =
      host === '*'
        ? 'It took every name that no other route had. Name the hosts, or a wildcard.'
        : `${JSON.stringify(host.slice(0, 80))} is no host name that a TLSRoute can have.`;
    tell(`${field}.match`, { fate: 'lost', matters: 'much', text });
    return [];
  });
}

/** The names of a rule that is nothing but ``HostSNI(`a`) || HostSNI(`b`)``; `undefined` for any other. */
function hostsOfRule(match: string): readonly string[] | undefined {
  const hosts: string[] = [];
  for (const part of match.split('||')) {
    const [, inner] = /^\s*\(?\s*HostSNI\(([^()]*)\)\s*\)?\s*$/i.exec(part) ?? [];
    if (inner === undefined) return undefined;
    for (const argument of inner.split(',')) {
      const [, , name] = /^\s*([`"'])(.+)\1\s*$/.exec(argument) ?? [];
      if (name === undefined) return undefined;
      hosts.push(name);
    }
  }
  return hosts;
}

function readService(raw: RawObject, service: Fields, field: string, tell: Tell): readonly OldBackend[] {
  const kind = textOf(service['kind']);
  const name = textOf(service['name']);
  if (name === undefined || (kind !== undefined && kind !== 'Service')) {
    const text = `A TLSRoute sends to Services, and this is ${kind ?? 'none'}: name the Services behind it.`;
    tell(field, { fate: 'lost', matters: 'much', text });
    return [];
  }
  if (service['proxyProtocol'] !== undefined)
    tell(`${field}.proxyProtocol`, {
      fate: 'lost',
      matters: 'much',
      text: 'The backend expects the PROXY protocol, which Sluice does not speak: its handshakes would fail. Let the backend take connections without it first.',
    });
  if (service['tls'] === true)
    tell(`${field}.tls`, {
      fate: 'lost',
      matters: 'much',
      text: 'Traefik wrapped the connection in TLS of its own, which Sluice does not.',
    });
  for (const other of ['terminationDelay', 'nativeLB', 'nodePortLB', 'serversTransport'])
    if (service[other] !== undefined)
      tell(`${field}.${other}`, {
        fate: 'replaced',
        matters: 'no',
        text: 'Connections go to the ready endpoints of the Service, and end when both sides have ended them.',
      });
  return [
    {
      namespace: textOf(service['namespace']) ?? raw.namespace,
      service: name,
      port: numberOf(service['port']) ?? textOf(service['port']),
      weight: numberOf(service['weight']) ?? 1,
    },
  ];
}
