/**
 * What an API server would say of an object that somebody creates, without one: the schemas and rules of the Gateway API's
 * CRDs, and what Kubernetes checks of its own kinds. See docs/design/admission.md.
 */
import { checkNamespace, checkNode, type NamespaceFields, type NodeFields } from './built-in/cluster.ts';
import {
  checkEndpointSlice,
  checkEndpoints,
  type EndpointSliceFields,
  type EndpointsFields,
} from './built-in/endpoints.ts';
import {
  checkIngress,
  checkIngressClass,
  type IngressClassFields,
  type IngressFields,
} from './built-in/ingress.ts';
import { checkService, type ServiceFields } from './built-in/service.ts';
import { checkMetadata, type Metadata } from './metadata.ts';
import { Findings, type Verdict } from './refusal.ts';
import { builtInSchema, type Channel, crdSchema, isCrdKind, type SchemaNode } from './schema.ts';
import { checkStructure } from './structure.ts';

/** The CRDs that count: those of one channel, or whichever take the object. */
export type CrdChoice = Channel | 'any';

const GATEWAY_GROUP = 'gateway.networking.k8s.io/';

/**
 * Judges an object with an `apiVersion` and a `kind`, whatever else it holds. Kinds that are neither of the Gateway API nor
 * read by Sluice are taken. `raw` is not changed.
 */
export function judge(raw: Readonly<Record<string, unknown>>, choice: CrdChoice = 'any'): Verdict {
  const apiVersion = String(raw['apiVersion']);
  const kind = String(raw['kind']);
  const builtIn = builtInSchema(apiVersion, kind);
  if (builtIn !== undefined) return judgeBy(builtIn, raw, kind, true);
  const channels: readonly Channel[] = choice === 'any' ? ['standard', 'experimental'] : [choice];
  const schemas = new Set(channels.flatMap((channel) => crdSchema(channel, apiVersion, kind) ?? []));
  let first: Verdict | undefined;
  for (const schema of schemas) {
    const verdict = judgeBy(schema, raw, kind, false);
    if (isTaken(verdict)) return verdict;
    first ??= verdict;
  }
  if (first !== undefined) return first;
  return isCrdKind(kind) && apiVersion.startsWith(GATEWAY_GROUP)
    ? notServed(kind, choice)
    : { refusals: [], unknown: [] };
}

export function isTaken({ refusals, unknown }: Verdict): boolean {
  return refusals.length === 0 && unknown.length === 0;
}

function notServed(kind: string, choice: CrdChoice): Verdict {
  const where =
    choice === 'any' ? 'the CRDs of neither channel serve' : `the CRDs of the ${choice} channel do not serve`;
  return {
    refusals: [{ field: ['apiVersion'], message: `is a version of ${kind} that ${where}` }],
    unknown: [],
  };
}

function judgeBy(
  schema: SchemaNode,
  raw: Readonly<Record<string, unknown>>,
  kind: string,
  isBuiltIn: boolean,
): Verdict {
  const findings = new Findings();
  const object = checkStructure(schema, raw, findings) as { readonly metadata?: Metadata };
  // What follows reads fields as the types that they have been found to be of.
  if (findings.refusals.length > 0) return findings;
  checkMetadata(object.metadata ?? {}, isBuiltIn, findings);
  if (isBuiltIn) checkBuiltIn(kind, object, findings);
  return findings;
}

function checkBuiltIn(kind: string, object: object, findings: Findings): void {
  switch (kind) {
    case 'Ingress':
      checkIngress(object as IngressFields, findings);
      break;
    case 'IngressClass':
      checkIngressClass(object as IngressClassFields, findings);
      break;
    case 'Service':
      checkService(object as ServiceFields, findings);
      break;
    case 'EndpointSlice':
      checkEndpointSlice(object as EndpointSliceFields, findings);
      break;
    case 'Namespace':
      checkNamespace(object as NamespaceFields, findings);
      break;
    case 'Node':
      checkNode(object as NodeFields, findings);
      break;
    case 'Endpoints':
      checkEndpoints(object as EndpointsFields, findings);
      break;
  }
}
