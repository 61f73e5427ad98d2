import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { ApiObject, ClientOptions } from '../../harness/kubernetes/client.ts';

export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
}

/**
 * The objects at an API path, such as `/api/v1/pods`: first those that are there, as added, then what happens to them,
 * until the signal. Throws where the server refuses or goes away.
 */
export async function* watchObjects(
  api: ClientOptions,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectEvent> {
  const list = (await json(await open(api, path, signal))) as {
    items: readonly ApiObject[];
    metadata: { resourceVersion: string };
  };
  for (const object of list.items) yield { type: 'ADDED', object };
  let version = list.metadata.resourceVersion;
  while (!signal.aborted) {
    const stream = await open(
      api,
      `${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${version}`,
      signal,
    );
    for await (const line of lines(stream)) {
      const { type, object } = JSON.parse(line) as
        | ObjectEvent
        | { type: 'BOOKMARK' | 'ERROR'; object: ApiObject };
      if (type === 'ERROR') throw new Error(`watch of ${path}: ${JSON.stringify(object)}`);
      version = object.metadata.resourceVersion ?? version;
      if (type !== 'BOOKMARK') yield { type, object };
    }
  }
}

function open(api: ClientOptions, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${api.token}`, accept: 'application/json' };
  return new Promise((resolve, reject) => {
    request(new URL(path, api.url), { ca: api.ca, headers, signal, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response.setEncoding('utf8'));
      else reject(new Error(`GET ${path}: ${response.statusCode}`));
    })
      .once('error', reject)
      .end();
  });
}

async function json(response: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of response) text += chunk;
  return JSON.parse(text);
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
