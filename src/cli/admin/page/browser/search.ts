import type { ProbeReport, VerdictReport } from '../../api/verdict-shapes.ts';
import { ApiError, getJson } from './api.ts';
import { announce, byId, type Cell, h, rows, type Tone } from './elements.ts';
import { age, duration } from './words.ts';

const TONES: Readonly<Record<VerdictReport['state'], Tone>> = {
  live: 'good',
  partly: 'odd',
  'not live': 'bad',
  'not served': 'bad',
};

let latest: AbortController | undefined;

/** Asks why a host is served or not, and shows the answer; a newer question ends an older one. */
export async function search(host: string): Promise<void> {
  latest?.abort();
  const question = new AbortController();
  latest = question;
  const answer = byId('answer');
  answer.setAttribute('aria-busy', 'true');
  try {
    const verdict = await getJson<VerdictReport>(
      `verdict?${new URLSearchParams({ host }).toString()}`,
      question.signal,
    );
    answer.replaceChildren(...verdictElements(verdict));
    announce(`${verdict.host}: ${verdict.verdict}`);
  } catch (error) {
    if (question.signal.aborted) return;
    answer.replaceChildren(failure(error));
  }
  answer.removeAttribute('aria-busy');
}

function verdictElements(verdict: VerdictReport): readonly HTMLElement[] {
  const { host, state, lines, nodes } = verdict;
  const button = h('button', { type: 'button' }, 'Probe: a real handshake through each node');
  const probed = h('div', { id: 'probed' });
  button.addEventListener('click', () => void probe(host, button, probed));
  return [
    h('h3', { class: TONES[state] }, host, ': ', verdict.verdict),
    ...(lines.length === 0 ? [] : [h('ul', { class: 'causes' }, ...lines.map((line) => h('li', {}, line)))]),
    ...(nodes.length === 0 ? [] : [nodeTable(verdict)]),
    button,
    probed,
  ];
}

function table(caption: string, heads: readonly string[], body: readonly (readonly Cell[])[]): HTMLElement {
  return h(
    'div',
    { class: 'wide', tabindex: '0', role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', { class: 'hidden' }, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...rows(body)),
    ),
  );
}

function nodeTable({ host, nodes, explanation }: VerdictReport): HTMLElement {
  const tones = { live: 'good', waiting: 'odd', rejected: 'bad', 'not connected': 'bad' } as const;
  return table(
    `${host} on each node`,
    ['Node', 'State', 'For', 'Version', 'Why'],
    nodes.map(({ node, state, since, version = '–', reason = '' }): readonly Cell[] => [
      node,
      // It has what there is, and that closes connections.
      explanation.served.length === 0 && state === 'live'
        ? { text: 'closed', tone: 'odd' }
        : { text: state, tone: tones[state] },
      since === undefined ? '–' : age(since),
      version,
      reason,
    ]),
  );
}

async function probe(host: string, button: HTMLButtonElement, into: HTMLElement): Promise<void> {
  button.disabled = true;
  into.replaceChildren(h('p', { role: 'status' }, 'Connecting …'));
  try {
    const { handshakes, dns } = await getJson<ProbeReport>(
      `probe?${new URLSearchParams({ host }).toString()}`,
    );
    const body = handshakes.map((each): readonly Cell[] => [
      each.via,
      `${each.address}:${each.port}`,
      { text: each.outcome, tone: each.isGood ? 'good' : 'bad' },
      each.totalMs === undefined ? '–' : duration(each.totalMs),
      each.subject ?? '–',
      each.issuer ?? '–',
      each.daysLeft === undefined ? '–' : String(each.daysLeft),
    ]);
    into.replaceChildren(
      table(
        `Handshakes with ${host}`,
        ['Through', 'Address', 'Outcome', 'Took', 'Subject', 'Issuer', 'Days left'],
        body,
      ),
      h('p', { class: dns.isGood ? 'good' : 'odd' }, dns.outcome),
    );
    announce(
      `${handshakes.filter(({ isGood }) => isGood).length} of ${handshakes.length} handshakes answered`,
    );
  } catch (error) {
    into.replaceChildren(failure(error));
  }
  button.disabled = false;
}

function failure(error: unknown): HTMLElement {
  const text = error instanceof ApiError ? `${error.code}: ${error.message}` : String(error);
  return h('p', { class: 'bad', role: 'alert' }, text);
}
