import { ApiFailure } from './api-failure.ts';
import { type ApiTransport, failureOfResponse, readBody } from './transport.ts';
import { type Resource, resourceOf, versionPath, type WatchedKind } from './watched-kind.ts';

/** A version's list of resources, or the list of groups, is some kilobytes. */
const MAX_BYTES = 4 * 1024 * 1024;

type Get = <T>(path: string, field: string) => Promise<readonly T[] | undefined>;

/**
 * The best version of the kind that the server serves; undefined where it serves none, which for a CRD only means
 * that it is not installed now. Throws an `ApiFailure` where the server could not say.
 */
export async function discover(
  watched: WatchedKind,
  transport: ApiTransport,
  silenceMs: number,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  // Part of Kubernetes: nothing to ask.
  const [only] = watched.versions;
  if (!watched.custom && only !== undefined) return resourceOf(watched, only);
  const get: Get = (path, field) => getList(transport, path, field, silenceMs, signal);
  const unknown: string[] = [];
  for (const version of watched.versions) {
    const resources = await get<{ readonly name: string }>(versionPath(watched, version), 'resources');
    if (resources === undefined) unknown.push(version);
    else if (resources.some(({ name }) => name === watched.plural)) return resourceOf(watched, version);
  }
  await confirmUnknown(watched, unknown, get);
  return undefined;
}

/**
 * All objects of an absent kind are forgotten, so a 404 alone is not believed: any web server answers that. Throws
 * unless the server has a list of groups, and the versions are not in it.
 */
async function confirmUnknown(watched: WatchedKind, unknown: readonly string[], get: Get): Promise<void> {
  const groups = await get<{ readonly name: string; readonly versions: readonly { version: string }[] }>(
    '/apis',
    'groups',
  );
  if (groups === undefined) throw new ApiFailure('not-found', 'discovery of /apis was answered 404');
  const listed = groups.find(({ name }) => name === watched.group)?.versions ?? [];
  const found = listed.find(({ version }) => unknown.includes(version));
  if (found !== undefined)
    throw new ApiFailure(
      'not-found',
      `${versionPath(watched, found.version)} is listed in /apis, and not found`,
    );
}

/** A list of the discovery API; undefined where there is nothing of that path. */
async function getList<T>(
  transport: ApiTransport,
  path: string,
  field: string,
  silenceMs: number,
  signal: AbortSignal,
): Promise<readonly T[] | undefined> {
  const response = await transport.get({ path, silenceMs, signal });
  if (response.status !== 200) {
    const failure = await failureOfResponse(`discovery of ${path}`, response);
    if (failure.reason === 'not-found') return undefined;
    throw failure;
  }
  const body = await readBody(response.body, MAX_BYTES);
  let list: unknown;
  try {
    list = (JSON.parse(body?.toString('utf8') ?? '') as Record<string, unknown> | null)?.[field];
  } catch {
    // Said below.
  }
  if (!Array.isArray(list))
    throw new ApiFailure('malformed', `discovery of ${path} was not answered with a list of ${field}`);
  return list as T[];
}
