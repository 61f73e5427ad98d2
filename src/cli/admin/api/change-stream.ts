import { type AdminPage, type AdminRequest, busyPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import type { ChangeEvent } from './shapes.ts';

/** Pages and commands that may listen at a time. */
const MOST_LISTENERS = 64;
/** Who is refused is to come back no sooner. */
const RETRY_SECONDS = 30;
/** Events that wait for one client; what it does not take in time is left out, and it is told how many. */
const MOST_WAITING = 1_000;
/** A comment, so that proxies see that the connection lives. */
const PING_MS = 15_000;

/** `/api/v1/changes`: server-sent events, until the client goes. */
export function changesPage(parts: AdminParts, { signal }: AdminRequest): AdminPage {
  if (parts.changes.listenerCount >= MOST_LISTENERS)
    return busyPage(
      `${MOST_LISTENERS} others are watching changes of this replica already; close some of them`,
      RETRY_SECONDS,
    );
  return {
    contentType: 'text/event-stream; charset=utf-8',
    body: ': changes\n\n',
    stream: eventsOf(parts, signal),
  };
}

async function* eventsOf(parts: AdminParts, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const waiting: string[] = [];
  let dropped = 0;
  let wake = (): void => {};
  const push = (event: ChangeEvent): void => {
    if (waiting.length < MOST_WAITING) waiting.push(textOf(event));
    else dropped += 1;
    wake();
  };
  const end = parts.changes.listen(push);
  const ping = setInterval(() => {
    if (waiting.length === 0) waiting.push(': ping\n\n');
    wake();
  }, PING_MS);
  const gone = (): void => wake();
  signal.addEventListener('abort', gone, { once: true });
  try {
    const nodes = parts.server.nodes().map(({ id }) => id);
    yield textOf({ type: 'hello', replica: parts.replica(), nodes });
    while (!signal.aborted) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted || waiting.length > 0) resolve();
        });
        continue;
      }
      yield waiting.splice(0).join('');
      if (dropped > 0) yield textOf({ type: 'dropped', count: dropped });
      dropped = 0;
    }
  } finally {
    clearInterval(ping);
    signal.removeEventListener('abort', gone);
    end();
  }
}

function textOf(event: ChangeEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
