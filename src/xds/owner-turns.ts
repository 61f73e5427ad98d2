import { TokenBucket } from '../event-loop/token-bucket.ts';

/** How much of an Envoy's main thread one owner may take at a time. */
export interface OwnerTurnsOptions {
  /** Milliseconds that the resources of one owner that are under way (sent, and not acknowledged) may take it ... */
  readonly underWayMs: number;
  /** ... but so many resources at least, and at most. */
  readonly fewest: number;
  readonly most: number;
  /** Milliseconds that an owner may have used lately and still have `most` under way: tenants that begin together. */
  readonly lightMs: number;
  /** Milliseconds that an owner may use after a quiet time, and besides for each resource that it has ... */
  readonly burstMs: number;
  readonly burstMsOfResource: number;
  /** ... and in the long run each second. */
  readonly msPerSecond: number;
  /** Milliseconds that a response is charged at most: more is an Envoy that hangs, or a path that is slow. */
  readonly mostMs: number;
}

/**
 * Envoy takes 0.1 to 0.4 ms of its main thread for a cluster, most for one that is replaced (docs/design/envoy.md), one response
 * after the other: what is under way of one tenant is what the change of another waits for. In the long run a
 * tenant that never stops may take a seventh of the thread.
 */
export const DEFAULT_OWNER_TURNS: OwnerTurnsOptions = {
  underWayMs: 4,
  fewest: 16,
  most: 64,
  lightMs: 25,
  burstMs: 300,
  burstMsOfResource: 0.3,
  msPerSecond: 150,
  mostMs: 200,
};

/** What a cluster, or an endpoint set, takes until the first acknowledgement has told. */
const FIRST_GUESS_MS = 0.25;
/** How much of the difference to what was measured last goes into the estimate. */
const WEIGHT = 0.25;

interface Account {
  /** Of milliseconds. */
  readonly bucket: TokenBucket;
  /** It has used up what it had, and waits until there is enough for a response worth sending. */
  waits: boolean;
  /** Resources. */
  underWay: number;
  /** Of those, how many are in the response of this number, the latest that has any. */
  taken: number;
  response: number;
  /** Milliseconds that a cluster took lately, with the endpoints that went with it. */
  clusterMs: number;
  /** Milliseconds that an endpoint set took lately. */
  setMs: number;
  /** Milliseconds used since that was estimated last. */
  usedMs: number;
}

interface UnderWay {
  /** Of each resource. */
  readonly owners: readonly Account[];
  readonly areClusters: boolean;
  readonly sentAt: number;
}

/** Owners that are remembered at least; those that have been quiet are forgotten when there are more. */
const REMEMBERED = 1_024;

/**
 * Turns by owner on one stream: whose resources may go into the next response. What has to wait stays due, and goes once, as
 * it is then. What a resource costs is measured, by the time until its response is acknowledged. `now` in milliseconds.
 */
export class OwnerTurns {
  readonly #options: OwnerTurnsOptions;
  readonly #now: () => number;
  readonly #responses = new Map<string, UnderWay>();
  readonly #accounts = new Map<string, Account>();
  #forgetAt = REMEMBERED;
  /** Owners of the resources of the response that is being made. */
  #taken: Account[] = [];
  /** Number of that response. */
  #response = 0;
  /** When it was begun. */
  #beganAt = 0;
  #waitMs = 0;
  #areClusters = true;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: OwnerTurnsOptions = DEFAULT_OWNER_TURNS, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** In how many milliseconds an owner that was held off may be asked for again; 0 where only an answer can change that. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** A response is being made. */
  begin(): void {
    this.#taken = [];
    this.#response += 1;
    this.#waitMs = 0;
    this.#beganAt = this.#now();
  }

  /** Whether a resource of the owner, who has so many, may go into the response, which then has it. */
  takeTurn(owner: string, owned: number): boolean {
    const account = this.#accounts.get(owner) ?? this.#open(owner);
    this.#raise(account, owned);
    if (account.underWay >= this.#windowOf(account) || !this.#mayUse(account)) return false;
    this.#take(account, true);
    return true;
  }

  /**
   * Whether endpoints of the owner, who has so many clusters, may go into the response, which then has them. A set costs Envoy as
   * much as there are clusters that use it, so the next ones wait for the answer to those before.
   */
  takeTurnOfEndpoints(owner: string, owned: number): boolean {
    const account = this.#accounts.get(owner) ?? this.#open(owner);
    this.#raise(account, owned);
    const here = account.response === this.#response ? account.taken : 0;
    if (account.underWay > here || here >= this.#setsOf(account) || !this.#mayUse(account)) return false;
    this.#take(account, false);
    return true;
  }

  /** Endpoints of the owner that clusters wait for are in the response: they are under way and paid for as clusters are, but have no turns. */
  note(owner: string): void {
    this.#take(this.#accounts.get(owner) ?? this.#open(owner), false);
  }

  #take(account: Account, isCluster: boolean): void {
    if (account.response !== this.#response) account.taken = 0;
    account.response = this.#response;
    account.taken += 1;
    account.underWay += 1;
    this.#areClusters = isCluster;
    this.#taken.push(account);
  }

  /** The response was sent. */
  sent(nonce: string): void {
    if (this.#taken.length > 0)
      this.#responses.set(nonce, {
        owners: this.#taken,
        areClusters: this.#areClusters,
        sentAt: this.#now(),
      });
    this.#taken = [];
  }

  /** The client answered a response, whatever it said; of any type, since it works on one after the other. */
  answered(nonce: string): void {
    const now = this.#now();
    const response = this.#responses.get(nonce);
    if (response !== undefined) {
      this.#responses.delete(nonce);
      this.#charge(response, now);
    }
    this.#answeredAt = now;
  }

  /** Resources that one owner may have under way. */
  #windowOf({ bucket, clusterMs }: Account): number {
    const { underWayMs, fewest, most, lightMs } = this.#options;
    if (lightMs > 0 && bucket.waitFor(bucket.burst - lightMs, this.#beganAt) === 0) return most;
    return Math.max(fewest, Math.min(most, Math.round(underWayMs / clusterMs)));
  }

  /** Endpoint sets that one owner may have in a response. */
  #setsOf({ setMs }: Account): number {
    const { underWayMs, most } = this.#options;
    return Math.max(1, Math.min(most, Math.round(underWayMs / setMs)));
  }

  /** An owner may send all that it has at once, but not by having it again and again. */
  #raise({ bucket }: Account, owned: number): void {
    const { burstMs, burstMsOfResource } = this.#options;
    const burst = burstMs + owned * burstMsOfResource;
    if (burst > bucket.burst) bucket.raise(burst);
  }

  #charge({ owners, areClusters, sentAt }: UnderWay, now: number): void {
    const took = Math.min(this.#options.mostMs, now - Math.max(sentAt, this.#answeredAt));
    const each = took / owners.length;
    const counts = new Map<Account, number>();
    for (const account of owners) {
      account.underWay -= 1;
      account.usedMs += each;
      account.bucket.charge(each, now);
      counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    for (const [account, count] of counts) {
      if (!areClusters) {
        account.setMs += WEIGHT * (each - account.setMs);
        continue;
      }
      account.clusterMs += WEIGHT * (account.usedMs / count - account.clusterMs);
      account.usedMs = 0;
    }
  }

  #mayUse(account: Account): boolean {
    const { underWayMs } = this.#options;
    const now = this.#beganAt;
    const wait = account.bucket.waitFor(account.waits ? underWayMs : 0, now);
    account.waits = wait > 0;
    if (wait === 0) return true;
    const whole = account.bucket.waitFor(underWayMs, now);
    this.#waitMs = this.#waitMs === 0 ? whole : Math.min(this.#waitMs, whole);
    return false;
  }

  #open(owner: string): Account {
    if (this.#accounts.size >= this.#forgetAt) this.#forgetQuiet();
    const { msPerSecond, burstMs } = this.#options;
    const account = {
      bucket: new TokenBucket(msPerSecond, burstMs),
      underWay: 0,
      taken: 0,
      response: 0,
      waits: false,
      clusterMs: FIRST_GUESS_MS,
      setMs: FIRST_GUESS_MS,
      usedMs: 0,
    };
    this.#accounts.set(owner, account);
    return account;
  }

  /** An account that is full again, and has nothing under way, says nothing. */
  #forgetQuiet(): void {
    for (const [owner, { bucket, underWay }] of this.#accounts)
      if (underWay === 0 && bucket.waitFor(bucket.burst, this.#beganAt) === 0) this.#accounts.delete(owner);
    this.#forgetAt = Math.max(REMEMBERED, 2 * this.#accounts.size);
  }
}
