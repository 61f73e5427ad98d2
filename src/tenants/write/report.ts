import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { failureOfStatus } from '../../kubernetes-api/api-failure.ts';
import type { EventRecorder } from '../../status/event-recorder.ts';
import { EXPOSED_CONDITION, FIELD_MANAGER } from '../names.ts';
import type { Problem } from '../problem.ts';
import type { PresentReport, Tenant } from '../world/tenant-world.ts';

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

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

/**
 * Writes the condition into the status of the tenant object: a list that belongs to others too, and that CRDs declare in ways which
 * server-side apply would replace as a whole. So it is read, changed in one place and written back if nobody else did meanwhile.
 * Rejects with an `ApiFailure`; gives whether it was written, which is `false` where another writer was faster.
 */
export async function writeReport(
  client: ApiClient,
  tenant: Tenant,
  wanted: PresentReport | undefined,
  now: Date,
): Promise<boolean> {
  const { owner, mapping } = tenant;
  const path = `/apis/${owner.apiVersion}/namespaces/${owner.namespace}/${mapping.watch.plural}/${owner.name}`;
  const read = await client.send('GET', path);
  if (read.status === 404) return true;
  if (read.status !== 200) throw failureOfStatus(`GET ${path}`, read.status, read.body, read.retryAfterMs);
  const { metadata, status } = read.body as {
    readonly metadata: { readonly uid: string; readonly resourceVersion: string };
    readonly status?: { readonly conditions?: readonly Condition[] };
  };
  if (metadata.uid !== owner.uid) return true;
  const { resourceVersion, uid } = metadata;
  const present = status?.conditions ?? [];
  const body = { metadata: { resourceVersion, uid }, status: { conditions: merged(present, wanted, now) } };
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
  if (code >= 300) throw failureOfStatus(`PATCH ${path}/status`, code, answer, retryAfterMs);
  return true;
}

function merged(
  present: readonly Condition[],
  wanted: PresentReport | undefined,
  now: Date,
): readonly Condition[] {
  const index = present.findIndex(({ type }) => type === EXPOSED_CONDITION);
  const before = present[index];
  if (wanted === undefined) return present.filter(({ type }) => type !== EXPOSED_CONDITION);
  const isSame = before?.status === wanted.status && before.lastTransitionTime !== undefined;
  const lastTransitionTime = isSame ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`;
  const condition: Condition = {
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
