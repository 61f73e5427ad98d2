/** The page of the admin address: it asks what the operator's commands ask, and changes nothing. */
import type { NamespacesReport, StatusReport } from '../../api/shapes.ts';
import { ApiError, follow, getJson, pause, useToken } from './api.ts';
import { byId } from './elements.ts';
import { Feed } from './feed.ts';
import { showNamespaces, showStatus } from './overview.ts';
import { minuteTable, PropagationPlot } from './plot.ts';
import { search } from './search.ts';

/** Between two looks; a page that is one too many looks less often. */
const POLL_MS = { usual: 5_000, busy: 30_000 };
const DRAW_MS = 1_000;

const plot = new PropagationPlot();
const feed = new Feed(plot);
let seen: AbortController | undefined;
let isBusy = false;

async function poll(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      showStatus(await getJson<StatusReport>('status', signal), plot);
      showNamespaces(await getJson<NamespacesReport>('namespaces?near=0.8&limit=20', signal));
      problem('');
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
    await pause(isBusy ? POLL_MS.busy : POLL_MS.usual, signal);
  }
}

function failed(error: unknown): void {
  if (error instanceof ApiError) {
    problem(`${error.code}: ${error.message}`);
    byId('token-form').hidden = error.status !== 401 && error.status !== 403;
  } else problem(`This replica does not answer; what is shown is old. (${String(error)})`);
}

function problem(text: string): void {
  const line = byId('problem');
  if (line.textContent === text) return;
  line.textContent = text;
  line.hidden = text === '';
}

/** While the page is seen it asks and listens; a hidden one costs nothing. */
function start(): void {
  if (seen !== undefined) return;
  seen = new AbortController();
  const { signal } = seen;
  void poll(signal);
  void follow(
    {
      event: (event) => feed.event(event),
      state: (cause, tooMany) => {
        isBusy = tooMany;
        byId('feed-state').textContent = cause === undefined ? 'live' : `not live: ${cause}`;
      },
    },
    signal,
  );
}

function stop(): void {
  seen?.abort();
  seen = undefined;
  byId('feed-state').textContent = 'not live: the page is hidden';
}

function restart(): void {
  stop();
  start();
}

document.addEventListener('visibilitychange', () => (document.hidden ? stop() : start()));
byId<HTMLFormElement>('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const host = byId<HTMLInputElement>('host').value.trim();
  if (host === '') return;
  location.hash = `host=${encodeURIComponent(host)}`;
  void search(host);
});
byId<HTMLFormElement>('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const field = byId<HTMLInputElement>('token');
  useToken(field.value);
  field.value = '';
  byId('token-form').hidden = true;
  restart();
});
byId('pause').addEventListener('click', ({ currentTarget }) => {
  feed.isPaused = !feed.isPaused;
  if (!(currentTarget instanceof HTMLElement)) return;
  currentTarget.setAttribute('aria-pressed', String(feed.isPaused));
  currentTarget.textContent = feed.isPaused ? 'Go on' : 'Pause';
});
byId<HTMLDetailsElement>('minutes').addEventListener('toggle', ({ currentTarget }) => {
  if (currentTarget instanceof HTMLDetailsElement && currentTarget.open)
    byId('minutes-table').replaceChildren(minuteTable(plot));
});
setInterval(() => {
  if (!document.hidden) plot.draw();
}, DRAW_MS);

/** A link to a host's explanation: `#host=NAME`. */
function openLinked(): void {
  const host = new URLSearchParams(location.hash.slice(1)).get('host');
  if (host === null || host === byId<HTMLInputElement>('host').value) return;
  byId<HTMLInputElement>('host').value = host;
  void search(host);
}

addEventListener('hashchange', openLinked);
plot.draw();
if (!document.hidden) start();
openLinked();
