import { normalizeHostname } from '../gateway/values/hostname.ts';
import { INGRESS_CLASS_ANNOTATION } from '../model/names.ts';
import type { OwnedRoute } from './host-owners.ts';
import type { Finding, OldHost, OldRoute } from './old-route.ts';
import { fieldsOf, listOf, type RawObject, textOf, titleOf } from './raw-object.ts';
import type { Sources } from './sources.ts';

/**
 * They pass a host through where any Ingress of it asks for that, to the first path `/` of all Ingresses (getConfiguration and createServers
 * of ingress-nginx v1.15.1, preparePassthroughTLSHostOwners of Higress v2.2.4).
 */
const BY_HOST: ReadonlySet<string> = new Set(['ingress-nginx', 'Higress']);

/** Hosts that went to the backend of an Ingress which asks for no passthrough itself. */
export function silentOwners(
  sources: Sources,
  owned: readonly OwnedRoute[],
  read: readonly OldRoute[],
): readonly Finding[] {
  const asked = new Set(read.map(titleOf));
  const claims = new Map<string, { readonly old: OldRoute; readonly host: OldHost }>();
  for (const { old, hosts } of owned)
    if (BY_HOST.has(old.controller)) for (const host of hosts) claims.set(host.host, { old, host });
  const findings: Finding[] = [];
  for (const raw of claims.size === 0 ? [] : sources.all('Ingress')) {
    if (asked.has(titleOf(raw)) || isCanary(raw)) continue;
    for (const rule of listOf(fieldsOf(raw.fields['spec'])['rules'])) {
      const name = normalizeHostname(textOf(rule['host']) ?? '');
      const claim = claims.get(name);
      if (claim === undefined || !hasRoot(rule) || !comesFirst(raw, claim)) continue;
      if (classOf(raw) !== classOf(sources.get('Ingress', claim.old.namespace, claim.old.name))) continue;
      findings.push({
        object: titleOf(claim.old),
        field: `host ${name}`,
        fate: 'lost',
        matters: 'much',
        text: `${titleOf(raw)} has its path / first, and ${claim.old.controller} passed the host through to that backend, though it does not ask for it. Write the annotation there if that one is meant.`,
      });
    }
  }
  return findings;
}

function comesFirst(
  raw: RawObject,
  { old, host }: { readonly old: OldRoute; readonly host: OldHost },
): boolean {
  return host.isWithoutRoot === true || (raw.created !== '' && raw.created < old.created);
}

function hasRoot(rule: ReturnType<typeof fieldsOf>): boolean {
  return listOf(fieldsOf(rule['http'])['paths']).some(
    ({ path, pathType }) => (textOf(path) ?? '/') === '/' && pathType !== 'Exact',
  );
}

function isCanary({ annotations }: RawObject): boolean {
  return Object.entries(annotations).some(([name, value]) => name.endsWith('/canary') && value === 'true');
}

function classOf(raw: RawObject | undefined): string | undefined {
  return (
    raw?.annotations[INGRESS_CLASS_ANNOTATION] ?? textOf(fieldsOf(raw?.fields['spec'])['ingressClassName'])
  );
}
