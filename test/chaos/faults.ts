import { appendFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { refuseSluice } from './api-refusal.ts';
import { type Installation, kill, type Replica } from './installation.ts';
import type { Random } from './random.ts';

/** What happens to an installation for a time, and how it ends: `begin` gives the end. */
export interface Fault {
  readonly name: string;
  /** Whether it closes the connections of clients itself. */
  readonly closesConnections?: boolean;
  /** Resolves when the fault holds; what it gives resolves when the fault is over. */
  begin(installation: Installation, random: Random): Promise<() => Promise<void> | void>;
}

const MOST_BYTES = 20_000;
const LEAST_DELAY_MS = 50;
const MOST_DELAY_MS = 500;
/** Of two days: further than a state may be old, and than any lease or back-off lasts. */
const MOST_JUMP_MS = 2 * 86_400_000;
const FILLER = 'filler';

export const FAULTS: readonly Fault[] = [
  {
    name: 'API server killed',
    begin: async ({ cluster: { apiServer } }) => {
      await apiServer.kill();
      return () => apiServer.restart();
    },
  },
  {
    name: 'API server hangs',
    begin: async ({ cluster: { apiServer } }) => {
      apiServer.suspend();
      return () => apiServer.resume();
    },
  },
  {
    name: 'API server slow',
    begin: async ({ replicas }, random) => {
      for (const { api } of replicas) api.slow(LEAST_DELAY_MS + random.below(MOST_DELAY_MS - LEAST_DELAY_MS));
      return () => {
        for (const { api } of replicas) api.mend();
      };
    },
  },
  {
    name: 'API server answers Sluice with 429',
    begin: async ({ cluster, replicas }) => {
      const end = await refuseSluice(cluster);
      // So that they ask again.
      for (const { api } of replicas) {
        api.cut();
        api.mend();
      }
      return end;
    },
  },
  {
    name: 'etcd hangs, API server answers with 500 and 504',
    begin: async ({ cluster: { etcd }, replicas }) => {
      etcd.process.signal('SIGSTOP');
      for (const { api } of replicas) {
        api.cut();
        api.mend();
      }
      return () => etcd.process.signal('SIGCONT');
    },
  },
  {
    name: 'history compacted while the watches are away',
    begin: async ({ cluster: { etcd }, replicas }) => {
      for (const { api } of replicas) api.cut();
      return async () => {
        await etcd.compact(await etcd.revision());
        for (const { api } of replicas) api.mend();
      };
    },
  },
  {
    name: 'watches of a replica cut at a random byte',
    begin: async ({ replicas }, random) => {
      return random.pick(replicas).api.cutAfter(1 + random.below(MOST_BYTES));
    },
  },
  {
    name: 'packets dropped between a replica and the API server',
    begin: async ({ replicas }, random) => {
      const { api } = random.pick(replicas);
      api.silence();
      return () => api.mend();
    },
  },
  {
    name: 'replica killed',
    begin: async (installation, random) => {
      const replica = random.pick(installation.replicas);
      await kill(replica);
      return () => installation.restartReplica(replica);
    },
  },
  {
    name: 'both replicas killed',
    begin: async (installation) => {
      for (const replica of installation.replicas) await kill(replica);
      return async () => {
        await Promise.all(installation.replicas.map((replica) => installation.restartReplica(replica)));
      };
    },
  },
  {
    name: 'both replicas killed, state of one truncated at a random byte',
    begin: async (installation, random) => {
      for (const replica of installation.replicas) await kill(replica);
      await truncateState(random.pick(installation.replicas), random);
      return async () => {
        await Promise.all(installation.replicas.map((replica) => installation.restartReplica(replica)));
      };
    },
  },
  {
    name: 'disk of a replica full',
    begin: async ({ replicas }, random) => {
      const filler = path.join(random.pick(replicas).stateDirectory, FILLER);
      await fill(filler);
      return () => rm(filler, { force: true });
    },
  },
  {
    name: 'wall clock of a replica jumps (Date alone)',
    begin: async ({ replicas }, random) => {
      const { clockFile } = random.pick(replicas);
      await writeFile(clockFile, String(random.below(2 * MOST_JUMP_MS) - MOST_JUMP_MS));
      return () => writeFile(clockFile, '0');
    },
  },
  {
    name: 'replica hangs',
    begin: async ({ replicas }, random) => {
      const { process } = random.pick(replicas);
      process.signal('SIGSTOP');
      return () => process.signal('SIGCONT');
    },
  },
  {
    name: 'Envoy killed',
    closesConnections: true,
    begin: async (installation, random) => {
      const node = random.pick(installation.nodes);
      await node.envoy.stop('SIGKILL');
      return () => installation.restartEnvoy(node);
    },
  },
  {
    name: 'Envoy hangs',
    begin: async ({ nodes }, random) => {
      const { pid } = random.pick(nodes).envoy;
      process.kill(pid, 'SIGSTOP');
      return () => goOn(pid);
    },
  },
  {
    name: 'paths between Envoys and the replicas cut',
    begin: async ({ replicas }) => {
      for (const { xds } of replicas) xds.cut();
      return () => {
        for (const { xds } of replicas) xds.mend();
      };
    },
  },
  {
    name: 'packets dropped between Envoys and a replica',
    begin: async ({ replicas }, random) => {
      const { xds } = random.pick(replicas);
      xds.silence();
      return () => xds.mend();
    },
  },
  {
    name: 'streams of the replicas to Envoys cut at a random byte',
    begin: async ({ replicas }, random) => {
      const ends = replicas.map(({ xds }) => xds.cutAfter(1 + random.below(MOST_BYTES)));
      return () => {
        for (const end of ends) end();
      };
    },
  },
];

/** Of a process that another fault may have killed meanwhile. */
function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function truncateState({ stateDirectory }: Replica, random: Random): Promise<void> {
  for (const entry of await readdir(stateDirectory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === FILLER) continue;
    const file = path.join(entry.parentPath, entry.name);
    await truncate(file, random.below((await stat(file)).size + 1));
  }
}

/** Writes to a file until its disk is full. */
async function fill(file: string): Promise<void> {
  for (const size of [64 * 1024, 512]) {
    const piece = Buffer.alloc(size);
    try {
      for (;;) await appendFile(file, piece);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}
