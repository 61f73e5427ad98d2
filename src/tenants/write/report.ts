import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { failureOfStatus } from '../../kubernetes-api/api-failure.ts';
import type { EventRecorder } from '../../status/event-recorder.ts';
import { EXPOSED_CONDITION, FIELD_MANAGER } from '../names.ts';
import type { Problem } from '../problem.ts';
import type { PresentCondition, PresentReport, Tenant } from '../world/tenant-world.ts';

/** What the condition of a tenant should say; `undefined`: there should be none. */
export function reportOf(tenant: Tenant, problems: readonly Problem[]): PresentReport | undefined {
  const { intent, generation } = tenant;
  if (intent.type === 'unwanted') return undefined;
  const [first] = problems;
  if (first !== undefined)
    return {
      status: 'False',
      reason: first.reason,
      message: problems
        .map(({ code, message }) => `${code}: ${message}`)
        .join(' ')
        .slice(0, LONGEST),
      observedGeneration: generation,
    };
  if (intent.type === 'unclear') return undefined;
  const hosts = intent.ports.flatMap(({ hosts }) => hosts);
  const ends = intent.hosts.map(({ host }) => host);
  return {
    status: 'True',
    reason: 'Exposed',
    message: `${hosts.join(', ')} → ${ends.join(', ')}`.slice(0, LONGEST),
    observedGeneration: generation,
  };
}

const LONGEST = 4_000;

/** Whether the condition of the object says that already. */
export function isReported({ report: present }: Tenant, wanted: PresentReport | undefined): boolean {
  if (present === undefined || wanted === undefined) return present === wanted;
  return (
    present.status === wanted.status && present.reason === wanted.reason && present.message === wanted.message
  );
}

/**
 * Writes the condition into the status of the tenant object: a list that belongs to others too, and that CRDs declare in ways which
 * server-side apply would replace as a whole. So it is written as it was last seen, changed in one place, unless somebody else has written
 * since. Rejects with an `ApiFailure`; gives whether it was written: `false` where somebody else has, which will be seen.
 */
export async function writeReport(
  client: ApiClient,
  tenant: Tenant,
  wanted: PresentReport | undefined,
  now: Date,
): Promise<boolean> {
  const { owner, mapping } = tenant;
  const path = `/apis/${owner.apiVersion}/namespaces/${owner.namespace}/${mapping.watch.plural}/${owner.name}`;
  const body = {
    metadata: { resourceVersion: tenant.resourceVersion, uid: owner.uid },
    status: { conditions: merged(tenant.conditions, wanted, now) },
  };
  const {
    status: code,
    body: answer,
    retryAfterMs,
  } = await client.send('PATCH', `${path}/status`, {
    body,
    contentType: 'application/merge-patch+json',
    query: { fieldManager: FIELD_MANAGER },
  });
  if (code === 409) return false;
  const { details } = (answer ?? {}) as { readonly details?: { readonly name?: string } };
  // Gone: nobody is left to be told.
  if (code === 404 && details?.name === owner.name) return true;
  if (code >= 300) throw failureOfStatus(`PATCH ${path}/status`, code, answer, retryAfterMs);
  return true;
}

function merged(
  present: readonly PresentCondition[],
  wanted: PresentReport | undefined,
  now: Date,
): readonly PresentCondition[] {
  const index = present.findIndex(({ type }) => type === EXPOSED_CONDITION);
  const before = present[index];
  if (wanted === undefined) return present.filter(({ type }) => type !== EXPOSED_CONDITION);
  const isSame = before?.status === wanted.status && before.lastTransitionTime !== undefined;
  const lastTransitionTime = isSame ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`;
  const condition: PresentCondition = {
    type: EXPOSED_CONDITION,
    ...wanted,
    lastTransitionTime: lastTransitionTime ?? '',
  };
  return index < 0 ? [...present, condition] : present.with(index, condition);
}

/** Tells what went wrong, and that it no longer does. That a tenant is still on its way is no news. */
export function tellOf(
  events: Pick<EventRecorder, 'record'>,
  { owner }: Tenant,
  wanted: PresentReport | undefined,
  before: PresentReport | undefined,
): void {
  if (wanted === undefined || wanted.reason === 'NoEndpoint') return;
  const isGood = wanted.status === 'True';
  if (isGood && (before === undefined || before.status === 'True' || before.reason === 'NoEndpoint')) return;
  events.record(owner, {
    type: isGood ? 'Normal' : 'Warning',
    reason: wanted.reason,
    action: 'Exposed',
    note: wanted.message,
  });
}
