import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { fieldsOf, listOf, type RawObject, rawObject } from '../../migrate/raw-object.ts';
import { MIGRATED_KINDS } from '../../migrate/sources.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Problem } from './problem.ts';
import type { ReadObjects } from './read-files.ts';

type ReadKind = (typeof MIGRATED_KINDS)[number];

const PAGE = '500';
/** A list that is changed faster than it is read begins anew so often. */
const MOST_RESTARTS = 3;

/**
 * The objects of a cluster. A kind that it does not serve has none; one that may not be listed is told of, and the others are
 * read. Rejects with a `CliError` where no API server answers, or none of the kinds may be listed.
 */
export async function readCluster(
  client: ApiClient,
  kinds: readonly ReadKind[] = MIGRATED_KINDS,
): Promise<ReadObjects> {
  const objects: RawObject[] = [];
  const problems: Problem[] = [];
  let allowed = 0;
  for (const kind of kinds) {
    const what = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
    try {
      for (const object of await listKind(client, kind)) objects.push(object);
      allowed += 1;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.reason !== 'forbidden') throw unavailable(error);
      problems.push({
        code: 'SLUICE_KUBE_FORBIDDEN',
        message: `you may not list ${what} of all namespaces, so nothing of them is migrated: ${error.message}`,
      });
    }
  }
  if (allowed === 0)
    throw new CliError(
      'SLUICE_KUBE_FORBIDDEN',
      EXIT.noPermission,
      `you may list none of the kinds that are migrated: ${problems[0]?.message}`,
    );
  return { objects, problems };
}

export function unavailable(error: ApiFailure): CliError {
  const exitCode =
    error.reason === 'config'
      ? EXIT.config
      : error.reason === 'unauthorized'
        ? EXIT.noPermission
        : EXIT.unavailable;
  return new CliError(error.code, exitCode, `${error.message}; see --kubeconfig and --context`, {
    cause: error,
  });
}

const BUILT_IN: ReadonlySet<string> = new Set(['', 'networking.k8s.io']);

async function serves(client: ApiClient, apiVersion: string, plural: string): Promise<boolean> {
  const { status, body } = await client.send('GET', `/apis/${apiVersion}`);
  if (status === 404) return false;
  // Who may not ask is told when the list is refused.
  return status !== 200 || listOf(fieldsOf(body)['resources']).some(({ name }) => name === plural);
}

/** In the first of its versions that the server serves. */
async function listKind(client: ApiClient, kind: ReadKind): Promise<readonly RawObject[]> {
  for (const version of kind.versions) {
    const found = await listVersion(client, kind, version);
    if (found !== undefined) return found;
  }
  return [];
}

async function listVersion(
  client: ApiClient,
  { group, kind, plural }: ReadKind,
  version: string,
): Promise<readonly RawObject[] | undefined> {
  const path = group === '' ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  // Of a kind that is not there, a list is forbidden as well: who may not list it would be told of all that they do not have.
  if (!BUILT_IN.has(group) && !(await serves(client, apiVersion, plural))) return undefined;
  for (let restarts = 0; ; restarts += 1) {
    const objects: RawObject[] = [];
    let from = '';
    try {
      do {
        const query = { limit: PAGE, ...(from !== '' && { continue: from }) };
        const body = (await client.read('GET', path, { query })) as {
          readonly items?: readonly object[];
          readonly metadata?: { readonly continue?: string };
        };
        for (const item of body.items ?? []) {
          const object = rawObject({ ...item, apiVersion, kind });
          if (object !== undefined) objects.push(object);
        }
        from = body.metadata?.continue ?? '';
      } while (from !== '');
      return objects;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.reason === 'not-found') return undefined;
      if (error.reason !== 'gone' || restarts === MOST_RESTARTS) throw error;
    }
  }
}
