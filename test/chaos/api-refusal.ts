/**
 * An API server that answers Sluice, and nobody else, with 429: its priority and fairness does, for a level without a share. One request
 * at a time is let through all the same; requests of ours take that place nearly always.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../harness/kubernetes/client.ts';
import type { Cluster } from '../harness/kubernetes/cluster.ts';

const API_VERSION = 'flowcontrol.apiserver.k8s.io/v1';
const NAME = 'chaos';
const BEGIN_MS = 5_000;
const END_MS = 60_000;
const PAUSE_MS = 50;
const OWN_REQUESTS = 3;

const OBJECTS = [
  {
    apiVersion: API_VERSION,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: NAME },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 0,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: 'Reject' },
      },
    },
  },
  {
    apiVersion: API_VERSION,
    kind: 'FlowSchema',
    metadata: { name: NAME },
    spec: {
      matchingPrecedence: 2,
      priorityLevelConfiguration: { name: NAME },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'sluice' } }],
          resourceRules: [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
          ],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        },
      ],
    },
  },
];

/**
 * Resolves when the user `sluice` is refused, or the API server does not say so in time, because it is away; what it gives resolves when
 * the user is not refused any more.
 */
export async function refuseSluice(cluster: Cluster): Promise<() => Promise<void>> {
  const sluice = cluster.clientOf(cluster.tokenOf('sluice'));
  const ending = new AbortController();
  let refused = 0;
  const ask = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await sluice.list('v1', 'Namespace');
      } catch (error) {
        if (error instanceof ApiError && error.status === 429) refused += 1;
        else await delay(PAUSE_MS);
      }
    }
  };
  const asking = Array.from({ length: OWN_REQUESTS }, ask);
  const isOver = new AbortController();
  const applied = persistently(isOver.signal, async () => {
    await cluster.client.apply(OBJECTS);
    return refused > 0;
  });
  // An API server that hangs answers no write either.
  await Promise.race([applied, delay(BEGIN_MS)]);
  return async () => {
    isOver.abort();
    await applied;
    await persistently(AbortSignal.timeout(END_MS), async () => {
      for (const { apiVersion, kind, metadata } of OBJECTS)
        await cluster.client.remove({ apiVersion, kind, name: metadata.name }).catch(ignoreMissing);
      const before = refused;
      await delay(PAUSE_MS);
      return refused === before;
    });
    ending.abort();
    await Promise.all(asking);
  };
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}

/** Tries until it is so, or the signal is aborted. */
async function persistently(signal: AbortSignal, attempt: () => Promise<boolean>): Promise<void> {
  while (!(await attempt().catch(() => false)) && !signal.aborted) await delay(PAUSE_MS);
}
