/** What all replicas together say of a host: who serves it, and on which nodes. Pure. */
import { clauses, listing } from '../../../gateway/values/listing.ts';
import type { ExpectedNode, HostOnNode, HostReport } from '../../admin/api/shapes.ts';
import type { Answers } from '../find/ask.ts';

/** A gateway node, or an Envoy that is connected and no node of the cluster. */
export interface NodeOfHost {
  readonly node: string;
  readonly addresses: readonly string[];
  readonly state: HostOnNode['state'] | 'not connected';
  /** The replica that its Envoy is connected to. */
  readonly replica?: string;
  readonly version?: string;
  readonly since?: string;
  /** Why it is not live, in words. */
  readonly reason?: string;
  readonly lastRejection?: HostOnNode['lastRejection'];
}

export interface HostVerdict {
  readonly host: string;
  /** `live`: on all nodes. `partly`: on some. `not live`: served by a route, and on no node. `not served`: by no route, or closed. */
  readonly state: 'live' | 'partly' | 'not live' | 'not served';
  /** One sentence. */
  readonly verdict: string;
  readonly explanation: HostReport['explanation'];
  readonly listeners: HostReport['listeners'];
  readonly gatewayAddresses: readonly string[];
  readonly nodes: readonly NodeOfHost[];
  /** What is to be known of the answer itself. */
  readonly notes: readonly string[];
}

export function verdictOf({ answers }: Answers<HostReport>): HostVerdict {
  const reports = answers.map(({ answer }) => answer);
  // One that has read everything knows best; of those, the one that leads.
  const best =
    reports.find(({ replica }) => replica.ready && replica.leader) ??
    reports.find(({ replica }) => replica.ready) ??
    reports[0];
  if (best === undefined) throw new Error('no replica answered');
  const nodes = nodesOf(answers);
  const { explanation, listeners, gatewayAddresses } = best;
  return {
    host: explanation.host,
    ...judged(explanation, nodes),
    explanation,
    listeners,
    gatewayAddresses,
    nodes,
    notes: notesOf(reports, best),
  };
}

function judged(
  explanation: HostReport['explanation'],
  nodes: readonly NodeOfHost[],
): Pick<HostVerdict, 'state' | 'verdict'> {
  const cause = whyNotServed(explanation);
  if (cause !== undefined) return { state: 'not served', verdict: `not served: ${cause}` };
  if (nodes.length === 0)
    return { state: 'not live', verdict: 'served by a route, and no gateway node is there to serve it' };
  const away = nodes.filter(({ state }) => state !== 'live');
  const live = nodes.length - away.length;
  const of = nodes.length === 1 ? '1 node' : `${nodes.length} nodes`;
  if (live === nodes.length) return { state: 'live', verdict: `live on ${live} of ${of}` };
  const why = clauses(away.map(({ node, reason = 'not live' }) => `${node} ${reason}`));
  return live === 0
    ? {
        state: 'not live',
        verdict: `not live on ${nodes.length === 1 ? 'the only node' : `any of ${of}`}: ${why}`,
      }
    : { state: 'partly', verdict: `live on ${live} of ${of}: ${why}` };
}

/** `undefined` where a route serves it. */
function whyNotServed(explanation: HostReport['explanation']): string | undefined {
  const { served, closed, kept, notServed } = explanation;
  if (served.length > 0) return undefined;
  const [first] = closed;
  if (first !== undefined) return `${clauses(first.reasons)} (${first.route})`;
  const [keeper] = kept;
  if (keeper !== undefined) return keeper.reason;
  const [route] = notServed;
  if (route !== undefined) return `${route.route}: ${clauses(route.reasons)}`;
  return 'no route has this name';
}

function nodesOf(answers: Answers<HostReport>['answers']): readonly NodeOfHost[] {
  const expected = new Map<string, ExpectedNode>();
  const found = new Map<string, NodeOfHost>();
  for (const { replica, answer } of answers) {
    for (const each of answer.expected) expected.set(each.node, each);
    for (const on of answer.nodes) {
      // One that moves between two replicas is where it is live.
      if (found.get(on.node)?.state === 'live') continue;
      const { node, state, version, since, lastRejection } = on;
      const reason = reasonOf(on);
      found.set(node, {
        node,
        addresses: [],
        state,
        replica,
        ...(version !== undefined && { version }),
        ...(since !== undefined && { since }),
        ...(reason !== undefined && { reason }),
        ...(lastRejection !== undefined && { lastRejection }),
      });
    }
  }
  for (const { node } of expected.values())
    if (!found.has(node))
      found.set(node, {
        node,
        addresses: [],
        state: 'not connected',
        reason: answers.length > 1 ? 'is connected to no replica that answers' : 'is not connected',
      });
  return [...found.values()]
    .map((each) => ({ ...each, addresses: expected.get(each.node)?.addresses ?? [] }))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

function reasonOf({ state, lacks, rejection, behindMs = 0 }: HostOnNode): string | undefined {
  if (state === 'rejected') return `rejects ${rejection?.resource ?? 'it'}: ${rejection?.error ?? ''}`;
  if (state === 'waiting')
    return `has not acknowledged its ${listing(lacks)} (behind for ${Math.round(behindMs / 100) / 10} s)`;
  return undefined;
}

function notesOf(reports: readonly HostReport[], best: HostReport): readonly string[] {
  const notes: string[] = [];
  for (const { replica } of reports) {
    if (!replica.ready)
      notes.push(
        `replica ${replica.name} has not read everything yet${replica.pending.length === 0 ? '' : `: ${clauses(replica.pending)}`}`,
      );
    for (const saved of replica.saved) notes.push(`replica ${replica.name}: ${saved}`);
  }
  const differs = reports.some(
    ({ replica, explanation }) =>
      replica.ready && JSON.stringify(explanation) !== JSON.stringify(best.explanation),
  );
  if (differs) notes.push('replicas do not agree: one of them is behind; ask again, or see "sluice status"');
  const { statusMode = 'own', explanation, gatewayAddresses } = best;
  if (statusMode !== 'own' && explanation.served.length > 0)
    notes.push(
      `its DNS record does not follow Sluice: --status-mode ${statusMode} writes no address${gatewayAddresses.length === 0 ? '' : ` (${listing(gatewayAddresses)})`}`,
    );
  return notes;
}
