import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { ApiFailure, failureOfStatus } from '../../kubernetes-api/api-failure.ts';
import { fieldsOf, listOf, textOf, titleOf } from '../../migrate/raw-object.ts';
import { type Manifest, MIGRATED_LABEL } from '../../migrate/write/manifest.ts';
import type { Problem } from './problem.ts';

/** Owner of the fields that a migration writes, as the API server knows it. */
const FIELD_MANAGER = 'sluice-migrate';

const PLURALS: Readonly<Record<string, string>> = {
  Gateway: 'gateways',
  TLSRoute: 'tlsroutes',
  EndpointSlice: 'endpointslices',
};

/** Requests at once. */
const PARALLEL = 8;
/** Of one request that the server is too busy for. */
const MOST_TRIES = 6;

export type Written = 'created' | 'changed' | 'unchanged';

export interface Applied {
  /** `TLSRoute shop/web.api.443`. */
  readonly object: string;
  /** What was done; `undefined` where nothing was. */
  readonly written: Written | undefined;
  /** Why nothing was done; `undefined` where something was. */
  readonly problem: Problem | undefined;
}

export interface ApplyReport {
  readonly objects: readonly Applied[];
  /** Why it ended before all was tried; `undefined` where it did not. */
  readonly ended: string | undefined;
}

interface Known {
  readonly manifest: Manifest;
  readonly uid: string | undefined;
  /** What it holds, without what the server and status writers keep; `undefined` where it is not there. */
  readonly content: object | undefined;
}

/**
 * Writes the manifests by server-side apply. First the server is asked what it would do with each, by a dry run: what it refuses, what is
 * owned by others and what no migration made is left out, and where the Gateway is one of them, nothing is written. Never rejects:
 * what was not done is in the report.
 */
export async function applyManifests(
  client: ApiClient,
  manifests: readonly Manifest[],
  progress: (text: string) => void,
): Promise<ApplyReport> {
  const problems = new Map<Manifest, Problem>();
  const written = new Map<Manifest, Written>();
  const good: Known[] = [];
  const report = (ended?: string): ApplyReport => ({
    ended,
    objects: manifests.map((manifest) => ({
      object: titleOf({ ...manifest, ...manifest.metadata }),
      written: written.get(manifest),
      problem: problems.get(manifest),
    })),
  });
  try {
    await each(manifests, 'dry run', progress, async (manifest) => {
      const outcome = await dryRun(client, manifest);
      if ('code' in outcome) problems.set(manifest, outcome);
      else good.push(outcome);
    });
    const isGatewayBad = manifests.some((manifest) => manifest.kind === 'Gateway' && problems.has(manifest));
    if (isGatewayBad)
      return report('the Gateway cannot be written, and without it the routes would serve nothing');
    // In order, so that the Gateway is there before its routes.
    const place = new Map(manifests.map((manifest, index) => [manifest, index]));
    good.sort((a, b) => (place.get(a.manifest) ?? 0) - (place.get(b.manifest) ?? 0));
    await each(good, 'written', progress, async (known) => {
      const { status, body } = await patch(client, known, false);
      if (status >= 300) problems.set(known.manifest, refusal(known.manifest, status, body));
      else {
        const isSame = isDeepStrictEqual(contentOf(body), known.content);
        written.set(known.manifest, status === 201 ? 'created' : isSame ? 'unchanged' : 'changed');
      }
    });
    return report();
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    return report(`${error.code}: ${error.message}; run it again, what was written stays`);
  }
}

/** What is known of the object; or why it is not to be written. */
async function dryRun(client: ApiClient, manifest: Manifest): Promise<Known | Problem> {
  const { status, body } = await patient(() => client.send('GET', pathOf(manifest)));
  if (status !== 200 && status !== 404) return refusal(manifest, status, body, 'get');
  const metadata = fieldsOf(fieldsOf(body)['metadata']);
  if (status === 200 && fieldsOf(metadata['labels'])[MIGRATED_LABEL] !== 'true')
    return {
      code: 'SLUICE_MIGRATE_FOREIGN',
      message: `it is there already and no migration made it, so it is left as it is; rename it, or label it ${MIGRATED_LABEL}: "true"`,
    };
  const known: Known =
    status === 200
      ? { manifest, uid: textOf(metadata['uid']), content: contentOf(body) }
      : { manifest, uid: undefined, content: undefined };
  const answer = await patch(client, known, true);
  return answer.status < 300 ? known : refusal(manifest, answer.status, answer.body);
}

/** Not the resourceVersion, which every status that is written meanwhile changes. */
function contentOf(body: unknown): object {
  const { metadata, status: _, ...rest } = fieldsOf(body);
  const { labels, annotations } = fieldsOf(metadata);
  return { ...rest, labels, annotations };
}

function patch(client: ApiClient, { manifest, uid }: Known, isDryRun: boolean) {
  // With its uid: an object of the name that was made in its place meanwhile is not ours.
  const body = uid === undefined ? manifest : { ...manifest, metadata: { ...manifest.metadata, uid } };
  return patient(() =>
    client.send('PATCH', pathOf(manifest), {
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: FIELD_MANAGER, ...(isDryRun && { dryRun: 'All' }) },
      body,
    }),
  );
}

/** Asks again where the server is too busy, after the time that it says. */
async function patient(
  ask: () => ReturnType<ApiClient['send']>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if ((answer.status !== 429 && answer.status < 500) || tries === MOST_TRIES) {
      if (answer.status === 401 || answer.status >= 500)
        throw failureOfStatus('the API server', answer.status, answer.body, answer.retryAfterMs);
      return answer;
    }
    await pause(answer.retryAfterMs ?? 250 * 2 ** tries);
  }
}

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: Manifest): string {
  return `/apis/${apiVersion}/namespaces/${namespace}/${PLURALS[kind]}/${name}`;
}

function refusal(manifest: Manifest, status: number, body: unknown, verb = 'patch'): Problem {
  const message = textOf(fieldsOf(body)['message']) ?? `the API server answered ${status}`;
  const { kind, apiVersion, metadata } = manifest;
  if (status === 403)
    return {
      code: 'SLUICE_KUBE_FORBIDDEN',
      message: `you may not ${verb} ${PLURALS[kind]} in namespace ${metadata.namespace}: ${message}`,
    };
  if (status === 404)
    return {
      code: 'SLUICE_KUBE_NOT_FOUND',
      message: `namespace ${metadata.namespace} is not there, or the cluster does not serve ${apiVersion} ${kind}: ${message}`,
    };
  const causes = listOf(fieldsOf(fieldsOf(body)['details'])['causes']).filter(
    (cause) => cause['reason'] === 'FieldManagerConflict',
  );
  if (status === 409 && causes.length > 0) {
    const fields = causes.map(
      (cause) => `${textOf(cause['field']) ?? 'a field'} (${textOf(cause['message']) ?? 'of another'})`,
    );
    return {
      code: 'SLUICE_MIGRATE_CONFLICT',
      message: `others own fields of it: ${fields.slice(0, 5).join('; ')}; let them give it up, or delete the object`,
    };
  }
  return { code: 'SLUICE_MIGRATE_REFUSED', message: `${message}` };
}

/** Some at once, and the first of them alone: a mistake that all would make is made once. */
async function each<T>(
  items: readonly T[],
  what: string,
  progress: (text: string) => void,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const told = Math.max(1_000, Math.ceil(items.length / 20));
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      await work(item);
      if (next % told === 0) progress(`${what}: ${next} of ${items.length}\n`);
    }
  };
  const [first] = items;
  if (first === undefined) return;
  next = 1;
  await work(first);
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
}
