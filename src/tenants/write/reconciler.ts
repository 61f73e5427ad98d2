import type { ApiClient } from '../../kubernetes-api/api-client.ts';
import { ApiFailure, asApiFailure, type FailureReason } from '../../kubernetes-api/api-failure.ts';
import { backoffAfter } from '../../kubernetes-api/backoff.ts';
import type { Clock } from '../../kubernetes-api/clock.ts';
import type { EventRecorder } from '../../status/event-recorder.ts';
import { StatusResources } from '../../status/kubernetes/status-resources.ts';
import type { StatusLogger } from '../../status/status-logger.ts';
import type { Outcome } from '../../status/work-queue.ts';
import type { DesiredObject, OwnedId, OwnedKind } from '../intent/objects.ts';
import type { TenantMapping } from '../mapping/mapping.ts';
import { type Problem, problem } from '../problem.ts';
import type { OwnedObject } from '../world/owned-object.ts';
import { leftovers, type Plan, type PlanRules, planOf } from '../world/plan.ts';
import type { PresentReport, Tenant, TenantKey, TenantWorld } from '../world/tenant-world.ts';
import { Contention } from './contention.ts';
import { isRight, ObjectWriter, strangerOf } from './object-writer.ts';
import { isReported, reportOf, tellOf, writeReport } from './report.ts';
import { Tally } from './tally.ts';

export interface ReconcilerOptions {
  readonly client: ApiClient;
  readonly world: TenantWorld;
  readonly rules: PlanRules;
  readonly mappings: readonly TenantMapping[];
  readonly events: Pick<EventRecorder, 'record'>;
  /** A tenant is to be worked on, of which nothing new is told. */
  readonly onDue: (key: TenantKey) => void;
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly logger: StatusLogger;
}

export interface ReconcilerCounts {
  applied: Record<OwnedKind, number>;
  removed: Record<OwnedKind, number>;
  reports: number;
  failures: number;
}

const CONFLICT_MS = 50;
/** Until a tenant that there is should have been seen. */
const UNSEEN_MS = 1_000;
/** Nobody tells when an object that is not ours goes away, or when a permission is given. */
const LOOK_AGAIN_MS = 30_000;
const OUTAGE = { baseMs: 200, maxMs: 15_000 };
/** A failure that lasts is told again after this long. */
const REMINDER_MS = 60_000;
/** Failures that every tenant would see. Of any other this one may be the cause, and nobody else is to wait for it. */
const OF_ALL: readonly FailureReason[] = ['config', 'unreachable', 'silent', 'unauthorized', 'throttled'];
/** 4xx other than those with a meaning of their own: the API server will not take it, however often it is asked. */
const REFUSED = / was answered 4(00|04|05|13|15|22)\b/;

interface Told {
  readonly report: PresentReport | undefined;
  readonly uid: string;
}

/** Makes of each tenant what its plan says, and tells it. */
export class Reconciler {
  readonly counts: ReconcilerCounts = {
    applied: { Service: 0, EndpointSlice: 0, TLSRoute: 0 },
    removed: { Service: 0, EndpointSlice: 0, TLSRoute: 0 },
    reports: 0,
    failures: 0,
  };
  /** Mapping and state of each tenant that was looked at. */
  readonly tally = new Tally<TenantKey>();
  readonly #options: ReconcilerOptions;
  readonly #writer: ObjectWriter;
  /** What the last write found wrong. */
  readonly #findings = new Map<TenantKey, readonly Problem[]>();
  /** What was told of a tenant whose status has no place for it, or that was just written. */
  readonly #told = new Map<TenantKey, Told>();
  /** The version that our last write of an object has led to: whatever it says besides is not ours to change. */
  readonly #settled = new Map<TenantKey, Map<OwnedId, string>>();
  readonly #contention: Contention<TenantKey>;
  readonly #reminders = new Map<string, number>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#contention = new Contention({ clock: options.clock, onRelease: options.onDue });
    this.#writer = new ObjectWriter(options.client, new StatusResources(options.client));
  }

  /** Whether `work` would do anything. */
  isNeeded(key: TenantKey): boolean {
    const { world, rules } = this.#options;
    const plan = planOf(key, world, rules);
    const owned = world.ownedBy(key);
    const tenant = world.tenant(key);
    if (tenant === undefined) this.#forget(key);
    if (leftovers(plan, owned.values()).length > 0) return true;
    if (tenant === undefined) return false;
    if (this.#missing(tenant, plan.wanted ?? [], owned).length > 0) return true;
    return this.#isUntold(tenant, this.#problemsOf(tenant, plan));
  }

  /** Another replica works on them from now on. */
  follow(): void {
    this.tally.clear();
  }

  /** What is wrong with a tenant now, as far as is known. */
  #problemsOf(tenant: Tenant, plan: Plan): readonly Problem[] {
    const { key, mapping, intent } = tenant;
    const problems = [...plan.problems, ...(this.#findings.get(key) ?? []), ...this.#contended(plan)];
    const isUnknown = plan.wanted === undefined;
    const good = intent.type === 'unwanted' ? 'NotWanted' : isUnknown ? 'Resolving' : 'Exposed';
    this.tally.set(key, `${mapping.name} ${problems[0]?.reason ?? good}`);
    return problems;
  }

  /** Never rejects. */
  async work(key: TenantKey, failures: number): Promise<Outcome> {
    try {
      return await this.#reconcile(key);
    } catch (error) {
      this.counts.failures += 1;
      const failure = asApiFailure(error);
      this.#tell('SLUICE_TENANT_WRITE_FAILED', failure.reason, key, `${failure.message}; it is tried again`);
      if (/ was answered 409\b/.test(failure.message)) return { type: 'again', afterMs: CONFLICT_MS };
      const afterMs = failure.retryAfterMs ?? backoffAfter(OUTAGE, failures, Math.random);
      return { type: OF_ALL.includes(failure.reason) ? 'pause' : 'again', afterMs };
    }
  }

  async #reconcile(key: TenantKey): Promise<Outcome> {
    const { world, rules } = this.#options;
    const plan = planOf(key, world, rules);
    const owned = world.ownedBy(key);
    const tenant = world.tenant(key);
    const old = leftovers(plan, [...owned.values()]);
    const findings: Problem[] = [];
    if (tenant === undefined && (await this.#isThere(key, old))) return { type: 'again', afterMs: UNSEEN_MS };
    if (tenant !== undefined) {
      const missing = this.#missing(tenant, plan.wanted ?? [], owned);
      const { seen, barred } = await this.#look(tenant, missing, findings);
      // All at once: whoever reads them hears of each on a watch of its own anyway. A Service that is not ours gets nothing from us.
      const isBarred = missing.some(({ id, kind }) => kind !== 'TLSRoute' && barred.has(id));
      const next = isBarred ? [] : missing.filter(({ id }) => !barred.has(id));
      const results = await Promise.all(next.map((desired) => this.#apply(tenant, desired, seen)));
      findings.push(...results.flatMap((each) => each ?? []));
    }
    for (const routesFirst of [true, false])
      findings.push(...(await this.#remove(old.filter(({ kind }) => (kind === 'TLSRoute') === routesFirst))));
    if (findings.length > 0) this.#findings.set(key, findings);
    else this.#findings.delete(key);
    if (tenant === undefined) return findings.length > 0 ? again() : { type: 'done' };
    const isTold = await this.#report(tenant, this.#problemsOf(tenant, plan));
    if (!isTold) return { type: 'again', afterMs: CONFLICT_MS };
    return findings.length > 0 ? again() : { type: 'done' };
  }

  /** Watches of two kinds are not of one moment: another replica may have made this of a tenant that is not seen here yet. */
  async #isThere(key: TenantKey, [first]: readonly OwnedObject[]): Promise<boolean> {
    const mapping = this.#options.mappings.find(({ name }) => key.startsWith(`${name}/`));
    if (first === undefined || mapping === undefined) return false;
    return await this.#writer.hasOwner(first, mapping.watch);
  }

  #contended({ wanted = [] }: Plan): readonly Problem[] {
    return wanted
      .filter(({ id }) => this.#contention.isHeld(id))
      .map(({ kind, name }) =>
        problem(
          'SLUICE_TENANT_CONTENDED',
          `Another writer changes the ${kind} ${name} again and again; it is put right once a minute.`,
        ),
      );
  }

  /** Those that are not as they should be. One that is on its way out gets nothing new. */
  #missing(
    { key, life }: Tenant,
    wanted: readonly DesiredObject[],
    owned: ReadonlyMap<OwnedId, OwnedObject>,
  ): readonly DesiredObject[] {
    const settled = this.#settled.get(key);
    return wanted.filter((desired) => {
      const present = owned.get(desired.id);
      if (present === undefined) return life === 'alive';
      if (this.#contention.isHeld(desired.id)) return false;
      return settled?.get(desired.id) !== settledAs(present, desired) && !isRight(present, desired);
    });
  }

  /** What stands where objects are to be. What is not ours, or cannot be looked at, is a finding, and barred. */
  async #look(
    { key, owner }: Tenant,
    wanted: readonly DesiredObject[],
    findings: Problem[],
  ): Promise<{
    readonly seen: ReadonlyMap<OwnedId, OwnedObject>;
    readonly barred: ReadonlySet<OwnedId>;
  }> {
    const seen = new Map(this.#options.world.ownedBy(key));
    const barred = new Set<OwnedId>();
    const look = async (desired: DesiredObject): Promise<Problem | undefined> => {
      const present = seen.get(desired.id) ?? (await this.#writer.look(desired));
      if (present === undefined) return undefined;
      seen.set(desired.id, present);
      const stranger = strangerOf(present, desired, owner);
      return stranger === undefined ? undefined : taken(desired, stranger);
    };
    const lookAt = async (desired: DesiredObject): Promise<void> => {
      const found = await this.#refusals(key, desired.kind, () => look(desired));
      if (found === undefined) return;
      findings.push(found);
      barred.add(desired.id);
    };
    await Promise.all(wanted.map(lookAt));
    return { seen, barred };
  }

  async #apply(
    tenant: Tenant,
    desired: DesiredObject,
    seen: ReadonlyMap<OwnedId, OwnedObject>,
  ): Promise<Problem | undefined> {
    const { kind } = desired;
    return await this.#refusals(tenant.key, kind, async () => {
      const result = await this.#writer.apply(desired, tenant.owner, seen.get(desired.id));
      switch (result.type) {
        case 'right':
          this.counts.applied[kind] += 1;
          this.#settle(tenant.key, desired, result.object);
          this.#options.world.setOwned(result.object);
          return undefined;
        case 'taken':
          return taken(desired, result.by);
        case 'unserved':
          return problem(
            'SLUICE_TENANT_NO_ROUTE_KIND',
            `The API server has no ${kind}: install the Gateway API.`,
          );
      }
    });
  }

  async #remove(objects: readonly OwnedObject[]): Promise<readonly Problem[]> {
    const results = await Promise.all(
      objects.map((object) =>
        this.#refusals(object.id, object.kind, async () => {
          await this.#writer.remove(object);
          this.counts.removed[object.kind] += 1;
          this.#options.world.removeOwned(object.id);
          return undefined;
        }),
      ),
    );
    return results.flatMap((each) => each ?? []);
  }

  /** What the API server will not take is that tenant's problem; anything else is thrown. */
  async #refusals(
    key: string,
    kind: string,
    write: () => Promise<Problem | undefined>,
  ): Promise<Problem | undefined> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      const isForbidden = error.reason === 'forbidden';
      if (!isForbidden && !REFUSED.test(error.message)) throw error;
      this.counts.failures += 1;
      const advice = isForbidden
        ? `; let the service account of "sluice tenants" get, patch and delete ${kind}s`
        : '';
      const code = isForbidden ? 'SLUICE_TENANT_FORBIDDEN' : 'SLUICE_TENANT_REFUSED';
      this.#tell(code, kind, key, `${error.message}${advice}`);
      return problem(code, `The ${kind} was not taken: ${error.message.slice(0, 500)}${advice}.`);
    }
  }

  #isUntold(tenant: Tenant, problems: readonly Problem[]): boolean {
    const wanted = reportOf(tenant, problems);
    const told = this.#told.get(tenant.key);
    const isKnown = told !== undefined && told.uid === tenant.owner.uid;
    if (tenant.mapping.conditions) return !isReported(tenant, wanted);
    return !(isKnown ? isReported({ ...tenant, report: told.report }, wanted) : wanted?.status !== 'False');
  }

  /** Whether it is told, or need not be. */
  async #report(tenant: Tenant, problems: readonly Problem[]): Promise<boolean> {
    if (!this.#isUntold(tenant, problems)) return true;
    const { client, events, wallClock } = this.#options;
    const wanted = reportOf(tenant, problems);
    const before = tenant.mapping.conditions ? tenant.report : this.#told.get(tenant.key)?.report;
    if (tenant.mapping.conditions) {
      let isWritten = true;
      const refusal = await this.#refusals(tenant.key, tenant.owner.kind, async () => {
        isWritten = await writeReport(client, tenant, wanted, wallClock());
        return undefined;
      });
      if (refusal === undefined && !isWritten) return false;
      if (refusal === undefined) this.counts.reports += 1;
    }
    if (!this.#wasTold(tenant, wanted)) tellOf(events, tenant, wanted, before);
    this.#told.set(tenant.key, { report: wanted, uid: tenant.owner.uid });
    return true;
  }

  #wasTold(tenant: Tenant, wanted: PresentReport | undefined): boolean {
    const told = this.#told.get(tenant.key);
    return told?.uid === tenant.owner.uid && isReported({ ...tenant, report: told.report }, wanted);
  }

  #settle(key: TenantKey, desired: DesiredObject, object: OwnedObject): void {
    const settled = this.#settled.get(key) ?? new Map<OwnedId, string>();
    const before = settled.get(desired.id);
    if (before?.endsWith(` ${desired.fingerprint}`) === true && before.startsWith(`${object.uid} `))
      this.#contention.repaired(desired.id, key);
    settled.set(desired.id, settledAs(object, desired));
    this.#settled.set(key, settled);
  }

  #forget(key: TenantKey): void {
    this.tally.set(key, undefined);
    this.#contention.forget(this.#settled.get(key)?.keys() ?? []);
    this.#settled.delete(key);
    this.#findings.delete(key);
    this.#told.delete(key);
  }

  /** Once a minute for each kind of failure: an outage hits thousands of tenants alike. */
  #tell(code: string, about: string, key: string, message: string): void {
    const { clock, logger } = this.#options;
    const toldAt = this.#reminders.get(`${code} ${about}`) ?? Number.NEGATIVE_INFINITY;
    const fields = { code, tenant: key };
    if (clock.now() - toldAt < REMINDER_MS) logger.debug(fields, message);
    else logger.warn(fields, `a tenant could not be exposed: ${message}`);
    if (clock.now() - toldAt >= REMINDER_MS) this.#reminders.set(`${code} ${about}`, clock.now());
  }
}

function taken({ kind, name }: DesiredObject, by: string): Problem {
  return problem(
    'SLUICE_TENANT_OBJECT_TAKEN',
    `There is a ${kind} ${name} of ${by}, which is left alone: rename it, or give ours another name in the mapping.`,
  );
}

function again(): Outcome {
  return { type: 'again', afterMs: LOOK_AGAIN_MS * (1 + Math.random()) };
}

function settledAs({ uid, resourceVersion }: OwnedObject, { fingerprint }: DesiredObject): string {
  return `${uid} ${resourceVersion} ${fingerprint}`;
}
