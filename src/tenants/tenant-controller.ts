import type { RefusalRules } from '../gateway/endpoints/address-refusal.ts';
import { ApiClient } from '../kubernetes-api/api-client.ts';
import { type Clock, systemClock } from '../kubernetes-api/clock.ts';
import type { CredentialsOptions } from '../kubernetes-api/credentials.ts';
import { EventRecorder } from '../status/event-recorder.ts';
import { createLeaseStore } from '../status/kubernetes/lease-store.ts';
import { type ElectionTimes, LeaderElection } from '../status/leader-election.ts';
import { WorkQueue } from '../status/work-queue.ts';
import type { SourceLogger } from '../watchers/kubernetes/failure-log.ts';
import { DnsNames, type NameResolver } from './dns-names.ts';
import type { TenantMapping } from './mapping/mapping.ts';
import { TENANTS_LEASE } from './names.ts';
import { TenantSource } from './tenant-source.ts';
import { type TenantKey, TenantWorld, tenantKey } from './world/tenant-world.ts';
import { Reconciler, type ReconcilerCounts } from './write/reconciler.ts';

export interface TenantControllerOptions extends CredentialsOptions {
  readonly mappings: readonly TenantMapping[];
  readonly refusal: RefusalRules;
  readonly resolver: NameResolver;
  /** Tenants worked on each second, on average. */
  readonly perSecond: number;
  /** `undefined`: a single replica, which always writes. */
  readonly election: { readonly namespace: string; readonly times?: ElectionTimes | undefined } | undefined;
  /** Who this replica is; no two may be equal. */
  readonly identity: string;
  readonly clock?: Clock;
  readonly logger: SourceLogger;
}

const CONCURRENCY = 16;
/** Three objects of each tenant are written at once. */
const FREE_SOCKETS = 3 * CONCURRENCY;
/** Tenants that are looked at before other work gets the event loop. */
const LOOKED_AT_ONCE = 500;

/** Exposes tenants: reads them, and makes, repairs and removes what leads to them, while it is the one replica that writes. */
export class TenantController {
  readonly #options: TenantControllerOptions;
  readonly #world = new TenantWorld();
  readonly #client: ApiClient;
  readonly #source: TenantSource;
  readonly #names: DnsNames;
  readonly #queue: WorkQueue<TenantKey>;
  readonly #reconciler: Reconciler;
  readonly #events: EventRecorder;
  readonly #election: LeaderElection | undefined;
  #isSynced = false;
  #isLeading = false;
  #isStopped = false;

  constructor(options: TenantControllerOptions) {
    const { clock = systemClock, logger, identity, election, refusal, mappings } = options;
    this.#options = options;
    const credentials = { kubeconfig: options.kubeconfig, context: options.context, env: options.env };
    this.#client = new ApiClient({
      ...credentials,
      freeSockets: FREE_SOCKETS,
      clock,
      userAgent: 'sluice-tenants',
    });
    const wallClock = (): Date => new Date();
    this.#events = new EventRecorder({ client: this.#client, identity, clock, wallClock, logger });
    this.#names = new DnsNames({
      resolver: options.resolver,
      clock,
      random: Math.random,
      groupOf,
      onChange: (users) => this.#lookAt(users as ReadonlySet<TenantKey>),
    });
    const rules = { ...refusal, answerOf: (name: string) => this.#names.answerOf(name) };
    const world = this.#world;
    this.#reconciler = new Reconciler({
      ...{ client: this.#client, world, rules, mappings, events: this.#events, clock, wallClock, logger },
      onDue: (key) => this.#lookAt(new Set([key])),
    });
    this.#queue = new WorkQueue<TenantKey>({
      groupOf,
      perSecond: options.perSecond,
      concurrency: CONCURRENCY,
      isNeeded: (key) => this.#reconciler.isNeeded(key),
      work: (key, failures) =>
        this.#isLeading ? this.#reconciler.work(key, failures) : Promise.resolve({ type: 'done' }),
      clock,
    });
    this.#source = new TenantSource({
      ...credentials,
      mappings,
      logger,
      events: {
        tenant: (of, object) => {
          for (const mapping of of) this.#setTenant(mapping, object);
        },
        tenantGone: (of, namespace, name) => {
          for (const mapping of of) this.#removeTenant(tenantKey(mapping.name, namespace, name));
        },
        owned: (object) => this.#lookAt(world.setOwned(object)),
        ownedGone: (id) => this.#lookAt(world.removeOwned(id)),
        synced: () => {
          this.#isSynced = true;
          this.#begin();
        },
        problems: (problems) => {
          for (const { code, message } of problems) logger.debug({ code }, message);
        },
      },
    });
    if (election === undefined) return;
    this.#election = new LeaderElection({
      store: createLeaseStore(this.#client, election.namespace),
      leaseName: TENANTS_LEASE,
      duty: 'exposes tenants',
      identity,
      ...(election.times !== undefined && { times: election.times }),
      clock,
      wallClock,
      onChange: (leading) => this.#setLeading(leading),
      logger,
    });
  }

  async start(): Promise<void> {
    await this.#source.start();
    if (this.#election === undefined) this.#setLeading(true);
    else this.#election.start();
  }

  /** Gives leadership up, so that another replica goes on at once. Never rejects. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#isLeading = false;
    this.#queue.stop();
    this.#names.stop();
    await Promise.all([this.#source.stop(), this.#election?.stop()]);
    this.#client.close();
  }

  /** What has not been read yet; empty: all has. */
  pending(): readonly { readonly kind: string; readonly reason: string }[] {
    return this.#source.pending();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Tenants that wait to be worked on, or are. */
  get backlog(): number {
    return this.#queue.size;
  }

  get counts(): ReconcilerCounts {
    return this.#reconciler.counts;
  }

  get names(): { readonly known: number; readonly failing: number } {
    return { known: this.#names.size, failing: this.#names.failing };
  }

  /** How many tenants of each mapping are exposed, or not and for which reason; of the replica that writes. */
  states(): readonly { readonly mapping: string; readonly state: string; readonly count: number }[] {
    return [...this.#reconciler.tally.counts()].map(([text, count]) => {
      const [mapping = '', state = ''] = text.split(' ');
      return { mapping, state, count };
    });
  }

  #setTenant(mapping: TenantMapping, object: unknown): void {
    const affected = this.#world.setTenant(mapping, object);
    const { metadata } = object as {
      readonly metadata: { readonly namespace?: string; readonly name: string };
    };
    const key = tenantKey(mapping.name, metadata.namespace ?? '', metadata.name);
    const intent = this.#world.tenant(key)?.intent;
    const hosts = intent?.type === 'exposed' ? intent.hosts : [];
    if (intent?.type !== 'unclear')
      this.#names.need(
        key,
        hosts.filter(({ type }) => type === 'name').map(({ host }) => host),
      );
    this.#lookAt(affected);
  }

  #removeTenant(key: TenantKey): void {
    this.#names.need(key, []);
    this.#lookAt(this.#world.removeTenant(key));
  }

  /** Before all has been read nothing is known to be missing. */
  #lookAt(keys: ReadonlySet<TenantKey>): void {
    if (!this.#isSynced || !this.#isLeading) return;
    for (const key of keys) this.#queue.add(key);
  }

  #setLeading(leading: boolean): void {
    this.#isLeading = leading && !this.#isStopped;
    if (this.#isLeading) this.#begin();
    else {
      this.#queue.clear();
      this.#reconciler.follow();
    }
  }

  /** Looks through all that there is: what was left undone, and what is left of tenants that are gone. */
  #begin(): void {
    if (!this.#isSynced || !this.#isLeading) return;
    const keys = [...this.#world.keys()];
    this.#options.logger.info(
      { code: 'SLUICE_SYNCED', tenants: this.#world.size },
      'all tenants have been read',
    );
    const add = (start: number): void => {
      if (!this.#isLeading) return;
      for (const key of keys.slice(start, start + LOOKED_AT_ONCE)) this.#queue.add(key, false);
      if (start + LOOKED_AT_ONCE < keys.length) setImmediate(() => add(start + LOOKED_AT_ONCE));
    };
    add(0);
  }
}

/** Namespaces take turns. */
function groupOf(key: string): string {
  return key.split('/')[1] ?? '';
}
