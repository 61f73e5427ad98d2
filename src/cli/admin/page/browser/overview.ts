import type { NamespacesReport, NodeState, StatusReport } from '../../api/shapes.ts';
import { byId, type Cell, h, rows, type Tone } from './elements.ts';
import type { PropagationPlot } from './plot.ts';
import { age, count, duration, listed } from './words.ts';

/** What is shown of all: cards, nodes, budgets. */
export function showStatus(status: StatusReport, plot: PropagationPlot): void {
  const { replica } = status;
  byId('replica').textContent =
    `${replica.name}, version ${replica.version}${replica.leader ? ', leads' : ''}, for ${age(replica.startedAt)}`;
  byId('cards').replaceChildren(...cards(status, plot).map(card));
  showProblems(status);
  showNodes(status);
}

interface Card {
  readonly name: string;
  readonly value: string;
  readonly tone: Tone;
  readonly detail?: string;
}

function cards(status: StatusReport, plot: PropagationPlot): readonly Card[] {
  const { replica, nodes, expected, missing, overBudget, problems } = status;
  const behind = nodes.filter(({ current }) => !current);
  const rejecting = nodes.filter(({ rejected }) => rejected.length > 0);
  const propagation = plot.summary();
  const routes = (status.objects['TLSRoute'] ?? 0) + (status.objects['Ingress'] ?? 0);
  const days =
    status.certificateNotAfter === undefined
      ? undefined
      : Math.floor((Date.parse(status.certificateNotAfter) - Date.now()) / 86_400_000);
  return [
    {
      name: 'Replica',
      value: replica.ready ? 'ready' : 'not ready',
      tone: replica.ready ? (replica.saved.length > 0 ? 'odd' : 'good') : 'bad',
      detail: [...replica.pending, ...replica.saved].join('; '),
    },
    { name: 'Hosts', value: status.hosts.toLocaleString('en'), tone: 'good', detail: count(routes, 'route') },
    {
      name: 'Envoys here',
      value: nodes.length.toLocaleString('en'),
      tone: nodes.length === 0 || (missing?.length ?? 0) > 0 ? 'bad' : behind.length > 0 ? 'odd' : 'good',
      detail:
        (missing?.length ?? 0) > 0
          ? `missing: ${listed(missing ?? [])}`
          : behind.length > 0
            ? `${behind.length} behind`
            : expected.length > 0
              ? `${count(expected.length, 'node')} expected in all`
              : 'all current',
    },
    {
      name: 'Rejecting',
      value: rejecting.length.toLocaleString('en'),
      tone: rejecting.length > 0 ? 'bad' : 'good',
      detail: listed(rejecting.map(({ node }) => node)),
    },
    {
      name: 'Propagation',
      value: propagation === undefined ? '–' : duration(propagation.p50),
      tone: propagation !== undefined && propagation.worst > 1_000 ? 'odd' : 'good',
      detail: propagation === undefined ? 'no change yet' : `worst ${duration(propagation.worst)}`,
    },
    {
      name: 'Over budget',
      value: count(overBudget.length, 'namespace'),
      tone: overBudget.length > 0 ? 'odd' : 'good',
      detail: listed(overBudget),
    },
    {
      name: 'Problems',
      value: problems.toLocaleString('en'),
      tone: problems > 0 ? 'odd' : 'good',
      detail: 'of routes and Gateways',
    },
    ...(days === undefined
      ? []
      : [
          {
            name: 'Certificate',
            value: count(days, 'day'),
            tone: days < 2 ? 'bad' : days < 14 ? 'odd' : 'good',
            detail: 'left',
          } as const,
        ]),
  ];
}

function card({ name, value, tone, detail = '' }: Card): HTMLElement {
  return h(
    'div',
    { class: `card ${tone}` },
    h('dt', {}, name),
    h('dd', {}, value, ...(detail === '' ? [] : [h('small', {}, detail)])),
  );
}

function showProblems({ nodes }: StatusReport): void {
  const lines = nodes.flatMap(({ node, rejected, problems }) => [
    ...rejected.map(({ name, error }) => `${node} rejects ${name}: ${error}`),
    ...problems.map((problem) => `${node}: ${problem}`),
  ]);
  const list = byId('node-problems');
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.slice(0, 20).map((line) => h('li', {}, line)));
}

function showNodes({ nodes, missing }: StatusReport): void {
  const cells = [
    ...(missing ?? []).map((node): readonly Cell[] => [
      node,
      { text: 'not connected to any replica', tone: 'bad' },
      '',
      '',
      '',
      '',
      '',
    ]),
    ...[...nodes]
      .sort((a, b) => Number(a.current) - Number(b.current) || (a.node < b.node ? -1 : 1))
      .map(nodeRow),
  ];
  byId('nodes').replaceChildren(...rows(cells));
  byId('no-nodes').hidden = cells.length > 0;
}

function nodeRow(each: NodeState): readonly Cell[] {
  const { current, behindMs = 0, demandWindow, rejected, resources, lastRejection } = each;
  const state: Cell =
    rejected.length > 0
      ? { text: `rejects ${count(rejected.length, 'resource')}`, tone: 'bad' }
      : current
        ? { text: 'current', tone: 'good' }
        : { text: demandWindow ? 'starting' : `behind for ${duration(behindMs)}`, tone: 'odd' };
  return [
    each.node,
    state,
    { text: resources.clusters.toLocaleString('en'), isNumber: true },
    { text: each.unanswered.toLocaleString('en'), isNumber: true },
    each.envoy,
    age(each.connectedAt),
    lastRejection === undefined ? '–' : `${age(lastRejection.at)} ago: ${lastRejection.error}`,
  ];
}

export function showNamespaces({ namespaces, more }: NamespacesReport): void {
  const cells = namespaces.map(({ namespace, budgets }): readonly Cell[] => {
    const worst = Math.max(...budgets.map(({ used, of }) => used / of));
    return [
      namespace,
      {
        text: worst > 1 ? 'over' : 'near',
        tone: worst > 1 ? 'bad' : 'odd',
      },
      budgets
        .map(
          ({ budget, used, of }) => `${budget}: ${used.toLocaleString('en')} of ${of.toLocaleString('en')}`,
        )
        .join(', '),
    ];
  });
  byId('budgets').replaceChildren(...rows(cells));
  byId('no-budgets').hidden = cells.length > 0;
  byId('more-budgets').textContent = more > 0 ? `and ${count(more, 'namespace')} more` : '';
}
