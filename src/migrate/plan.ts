import { isTaken, judge } from '../admission/judge.ts';
import { budgetFindings } from './budget-findings.ts';
import { compare, hostOwners } from './host-owners.ts';
import type { Finding, OldBackend, OldRoute } from './old-route.ts';
import { fieldsOf, titleOf } from './raw-object.ts';
import { readHttpProxy } from './read/contour.ts';
import { isHandMade, MIRRORED, slicesOf } from './read/endpoints.ts';
import { readIngress } from './read/ingress.ts';
import { readIngressRouteTcp } from './read/traefik.ts';
import { silentOwners } from './silent-owners.ts';
import { OLD_TLS_ROUTE, type Sources } from './sources.ts';
import { endpointSliceManifest } from './write/endpoint-slice.ts';
import { type GatewayChoice, gatewayManifest } from './write/gateway.ts';
import { type Manifest, MIGRATED_LABEL, wrongName } from './write/manifest.ts';
import {
  convertedTlsRoute,
  DNS_CONTROLLERS,
  MOST_HOSTS,
  type NewBackend,
  tlsRouteManifest,
} from './write/tls-route.ts';

export interface PlanOptions {
  readonly gateway: GatewayChoice;
  /**
   * Whether external-dns is kept from the new routes, or, unless given, as it is: from one that is made, and from one that is there if it was.
   * One that clients use already would be taken out of DNS.
   */
  readonly holdsDns?: boolean | undefined;
}

/** One host, before and after. */
export interface PlannedHost {
  readonly host: string;
  readonly controller: string;
  /** `Ingress shop/web`. */
  readonly from: string;
  /** `shop/web.api.443`; `undefined` where no route is made. */
  readonly route: string | undefined;
  /** `Service shop/api port 443`. */
  readonly backends: readonly string[];
}

/** What takes the place of the old objects. */
export interface Plan {
  /** The Gateway, the routes and the slices; each kind by namespace and name. */
  readonly manifests: readonly Manifest[];
  readonly hosts: readonly PlannedHost[];
  readonly findings: readonly Finding[];
  /** Made by an earlier run, and of no old object any more. */
  readonly stale: readonly string[];
}

/** Pure: the same objects give the same plan, in any order. */
export function planMigration(sources: Sources, options: PlanOptions): Plan {
  const findings: Finding[] = sources.repeated.map((raw) => ({
    object: titleOf(raw),
    field: 'metadata.name',
    fate: 'lost',
    matters: 'some',
    text: 'It is there twice; the first one counts.',
  }));
  const read = readRoutes(sources);
  for (const { findings: of } of read) for (const each of of) findings.push(each);
  const hosts: PlannedHost[] = [];
  const made: Manifest[] = [];
  const owners = hostOwners(read, findings);
  findings.push(...silentOwners(sources, owners, read));
  for (const owned of owners) writeRoutes(owned, sources, options, findings, made, hosts);
  // Those of older versions keep the Gateway that they name.
  const gateway = made.length === 0 ? [] : gatewayFor(sources, options.gateway, findings);
  const converted = [...convertRoutes(sources, findings), ...convertEndpoints(sources, findings)];
  const manifests = [...gateway, ...made, ...converted].filter((each) => isStored(each, findings));
  const stored = new Set(manifests.map((each) => titleOf({ ...each, ...each.metadata })));
  const planned = hosts
    .map((each) =>
      each.route === undefined || stored.has(`TLSRoute ${each.route}`) ? each : { ...each, route: undefined },
    )
    .sort((a, b) => compare(a.host, b.host));
  findings.push(...foreignClaims(sources, planned), ...budgetFindings(sources, planned));
  return {
    manifests: manifests.sort((a, b) => compare(orderOf(a), orderOf(b))),
    hosts: planned,
    findings,
    stale: ['TLSRoute', 'Gateway', 'EndpointSlice'].flatMap((kind) =>
      [...sources.all(kind)]
        .filter((raw) => raw.labels[MIGRATED_LABEL] === 'true' && !stored.has(titleOf(raw)))
        .map(titleOf),
    ),
  };
}

const ORDER = ['Gateway', 'TLSRoute', 'EndpointSlice'];

function orderOf({ kind, metadata }: Manifest): string {
  return `${ORDER.indexOf(kind)} ${metadata.namespace}/${metadata.name}`;
}

function readRoutes(sources: Sources): readonly OldRoute[] {
  const proxy = (namespace: string, name: string) => sources.get('HTTPProxy', namespace, name);
  return [
    ...[...sources.all('Ingress')].map((raw) => readIngress(raw, (name) => sources.classController(name))),
    ...[...sources.all('IngressRouteTCP')].map(readIngressRouteTcp),
    ...[...sources.all('HTTPProxy')].map((raw) => readHttpProxy(raw, proxy)),
  ].filter((each) => each !== undefined);
}

/** The routes of one old object: hosts that go to the same backends share one. */
function writeRoutes(
  { old, hosts }: ReturnType<typeof hostOwners>[number],
  sources: Sources,
  { gateway, holdsDns: wanted }: PlanOptions,
  findings: Finding[],
  made: Manifest[],
  planned: PlannedHost[],
): void {
  const groups = new Map<string, { readonly backends: readonly NewBackend[]; readonly hosts: string[] }>();
  for (const { host, backends: named } of hosts) {
    const backends = named.flatMap((each) => resolved(old, each, sources, findings));
    const key = JSON.stringify(backends);
    const group = groups.get(key) ?? { backends, hosts: [] };
    groups.set(key, group);
    group.hosts.push(host);
  }
  const holdsDns = (route: string): boolean => {
    const [namespace = '', name = ''] = route.split('/');
    if (wanted !== undefined) return wanted;
    const there = sources.get('TLSRoute', namespace, name);
    return there === undefined || DNS_CONTROLLERS.some((each) => there.annotations[each] !== undefined);
  };
  const parts = new Map<string, number>();
  for (const { backends, hosts: of } of groups.values()) {
    for (let start = 0; start < of.length; start += MOST_HOSTS) {
      const some = of.slice(start, start + MOST_HOSTS);
      const target = `${backends[0]?.service}/${backends[0]?.port}`;
      const part = parts.get(target) ?? 0;
      parts.set(target, part + 1);
      const manifest =
        backends.length === 0 ? undefined : tlsRouteManifest(old, some, backends, part, gateway, holdsDns);
      if (manifest !== undefined) made.push(manifest);
      for (const host of some)
        planned.push({
          host,
          controller: old.controller,
          from: titleOf(old),
          route: manifest && `${manifest.metadata.namespace}/${manifest.metadata.name}`,
          backends: backends.map(
            ({ namespace, service, port }) => `Service ${namespace}/${service} port ${port}`,
          ),
        });
    }
  }
}

/** The backend with the number of its port; none where that is not to be known, or would not be allowed. */
function resolved(
  old: OldRoute,
  { namespace, service: name, port, weight }: OldBackend,
  sources: Sources,
  findings: Finding[],
): readonly NewBackend[] {
  const title = `Service ${namespace}/${name}`;
  const tell = (text: string, fate: Finding['fate'] = 'lost'): void => {
    findings.push({ object: titleOf(old), field: `backend ${name}`, fate, matters: 'much', text });
  };
  const service = sources.get('Service', namespace, name);
  if (service === undefined && sources.has('Service'))
    tell(`${title} is not there: its connections are closed until it is.`, 'carried');
  if (namespace !== old.namespace)
    tell(
      `${title} is in another namespace: write a ReferenceGrant there for TLSRoutes of ${old.namespace}, or its connections are closed.`,
      'carried',
    );
  if (typeof port === 'number') {
    if (service !== undefined && sources.portOf(service, port) === undefined)
      tell(`${title} has no port ${port}: its connections are closed until it has.`, 'carried');
    return [{ namespace, service: name, port, weight }];
  }
  const number = service === undefined || port === undefined ? undefined : sources.portOf(service, port);
  if (number !== undefined) return [{ namespace, service: name, port: number, weight }];
  tell(
    port === undefined
      ? `${title} is named without a port, which a TLSRoute needs: no route is made.`
      : `${title} has no port ${port} that is known here, and a TLSRoute needs its number: no route is made.`,
  );
  return [];
}

function convertRoutes(sources: Sources, findings: Finding[]): readonly Manifest[] {
  return [...sources.all(OLD_TLS_ROUTE)].flatMap((raw) => {
    findings.push({
      object: titleOf(raw),
      field: 'apiVersion',
      fate: 'replaced',
      matters: 'no',
      text: `${raw.apiVersion.split('/')[1]} becomes v1, the fields are the same.`,
    });
    return [convertedTlsRoute(raw)];
  });
}

/** Hosts that a TLSRoute has already which no migration made: it is older than the new one. */
function foreignClaims(sources: Sources, hosts: readonly PlannedHost[]): readonly Finding[] {
  const claims = new Map<string, string>();
  for (const raw of sources.all('TLSRoute')) {
    if (raw.labels[MIGRATED_LABEL] === 'true') continue;
    const names = fieldsOf(raw.fields['spec'])['hostnames'];
    for (const host of Array.isArray(names) ? names : []) claims.set(String(host), titleOf(raw));
  }
  return hosts.flatMap(({ host, from, route }): Finding[] => {
    const claim = claims.get(host);
    if (claim === undefined || route === undefined) return [];
    const text = `${claim} names it already, and on the same Gateway has it, since it is older.`;
    return [{ object: from, field: `host ${host}`, fate: 'carried', matters: 'some', text }];
  });
}

function convertEndpoints(sources: Sources, findings: Finding[]): readonly Manifest[] {
  return [...sources.all('Endpoints')].flatMap((raw) => {
    if (!isHandMade(raw, sources.get('Service', raw.namespace, raw.name))) return [];
    findings.push({ object: titleOf(raw), field: 'subsets', ...MIRRORED });
    return slicesOf(raw).map((slice) => endpointSliceManifest(raw, slice));
  });
}

/** None where a Gateway of the name is there that no migration made: it is left as it is. */
function gatewayFor(sources: Sources, choice: GatewayChoice, findings: Finding[]): readonly Manifest[] {
  const there = sources.get('Gateway', choice.namespace, choice.name);
  if (there === undefined || there.labels[MIGRATED_LABEL] === 'true') return [gatewayManifest(choice)];
  findings.push({
    object: titleOf(there),
    field: 'metadata.name',
    fate: 'carried',
    matters: 'no',
    text: 'It is there already and stays as it is; the routes are attached to it. It needs a TLS listener in mode Passthrough that takes routes of their namespaces.',
  });
  return [];
}

/** Whether an API server would store it; says so where it would not. */
function isStored(manifest: Manifest, findings: Finding[]): boolean {
  const wrong = wrongName(manifest);
  const verdict = judge(manifest);
  if (wrong === undefined && isTaken(verdict)) return true;
  const [refusal] = verdict.refusals;
  const [unknown] = verdict.unknown;
  const reason =
    wrong !== undefined
      ? `no object can have that ${wrong}`
      : refusal === undefined
        ? 'the field is unknown to v1'
        : refusal.message;
  findings.push({
    object: titleOf({ ...manifest, ...manifest.metadata }),
    field: wrong === undefined ? (refusal?.field ?? unknown?.field ?? []).join('.') : `metadata.${wrong}`,
    fate: 'lost',
    matters: 'much',
    text: `No API server would store it: ${reason}. It is left out.`,
  });
  return false;
}
