import { compareClaims } from '../../gateway/routes/claims.ts';
import { needsOwnChain } from '../../gateway/values/own-chain.ts';
import type { Binding } from '../../model/gateway.ts';
import { joinedKey, type ObjectKey, objectKey } from '../../model/key.ts';
import { type Contender, type HostEntry, needsSingleAttempt, takesOneLabel } from './host-entry.ts';
import { HostTree } from './host-tree.ts';
import { NewHosts } from './new-hosts.ts';
import { suffixOf, wildcardSuffixes } from './wildcard-suffixes.ts';

/** Hostname → Gateways (object keys), and how many of their listeners have it. */
type HostnamesOfGateways = Map<string, Map<ObjectKey, number>>;

/** What a listener lacks: nothing, nothing but a host that the list of new hosts has meanwhile, or anything else. */
export type ListenerNews = 'none' | 'listed' | 'other';

/** An address set under which Gateways listen. */
interface UsedBinding {
  readonly binding: Binding;
  users: number;
}

/** The hosts of one binding, and which of them the filter chain matcher of its listener must name. */
export class BindingHosts {
  readonly name: string;
  readonly hosts = new Map<string, HostEntry>();
  /** Hosts with a filter chain of their own, wildcards among them. */
  readonly ownChains = new Map<string, HostEntry>();
  /** Of `ownChains`, the wildcards, by suffix. */
  readonly wildcards = new Map<string, HostEntry>();
  /**
   * Exact hosts that the matcher leads to a chain of the index by name: those that a wildcard's chain would take, and
   * those of several backends.
   */
  readonly named = new Map<string, HostEntry>();
  /** Exact hosts that came below wildcards that were there already. */
  readonly newHosts = new NewHosts();
  /** Changes of the listener other than those. */
  otherChanges = 0;
  /** Gateway listener hostnames on this binding, each with the Gateways (object keys) it is of and how often. */
  readonly patterns: HostnamesOfGateways = new Map();
  /** The same of listeners that are not served: their hostnames are closed to the wildcards of their Gateways. */
  readonly reserved: HostnamesOfGateways = new Map();
  /** Address sets in use under this name; more than one only where two Gateways spell an address differently. */
  readonly #bindings = new Map<string, UsedBinding>();
  /** The one that was used last. */
  #used: UsedBinding | undefined;
  /** Exact hosts, from the first wildcard on: a binding without one needs none. */
  #tree: HostTree | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** The first by its addresses, so that the order of events has no influence; `undefined` if nobody uses it. */
  get binding(): Binding | undefined {
    const first = [...this.#bindings.keys()].sort()[0];
    return first === undefined ? undefined : this.#bindings.get(first)?.binding;
  }

  /** Returns whether `binding` may be another one now. */
  use(binding: Binding): boolean {
    // Thousands of claims in a row are of the same one.
    if (this.#used?.binding === binding && this.#used.users > 0) {
      this.#used.users += 1;
      return false;
    }
    const key = binding.addresses.join();
    const entry = this.#bindings.get(key);
    this.#used = entry ?? { binding, users: 0 };
    this.#used.users += 1;
    if (entry === undefined) this.#bindings.set(key, this.#used);
    return this.#changed(entry === undefined);
  }

  /** Returns whether `binding` may be another one now. */
  release(binding: Binding): boolean {
    const key = binding.addresses.join();
    const entry = this.#bindings.get(key);
    if (entry === undefined) return false;
    entry.users -= 1;
    if (entry.users === 0) this.#bindings.delete(key);
    return this.#changed(entry.users === 0);
  }

  /** A listener of a Gateway comes (1) or goes (-1). */
  listen(binding: Binding, hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void {
    if (sign === 1) this.use(binding);
    else this.release(binding);
    this.#changed(true);
    count(this.patterns, hostname, gatewayKey, sign);
  }

  /** The same of a listener that is not served, and opens nothing. */
  reserve(hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void {
    this.#changed(true);
    count(this.reserved, hostname, gatewayKey, sign);
  }

  #changed(isListenerTouched: boolean): boolean {
    if (isListenerTouched) this.otherChanges += 1;
    return isListenerTouched;
  }

  #news(isListenerTouched: boolean): ListenerNews {
    return this.#changed(isListenerTouched) ? 'other' : 'none';
  }

  /** Whether nobody claims or reserves anything on it. */
  get isEmpty(): boolean {
    return this.hosts.size === 0 && this.reserved.size === 0;
  }

  /** Adds or replaces the claim of a route on a host. */
  claim(contender: Contender): HostEntry {
    const host = contender.claim.host;
    let entry = this.hosts.get(host);
    if (entry === undefined) {
      entry = { name: joinedKey(this.name, host), bindingName: this.name, host, contenders: [contender] };
      this.hosts.set(host, entry);
      if (!host.startsWith('*')) this.#tree?.add(host);
      return entry;
    }
    const others = entry.contenders.filter((other) => other.routeKey !== contender.routeKey);
    const behind = others.findIndex((other) => compareClaims(contender, other) < 0);
    entry.contenders = behind < 0 ? [...others, contender] : others.toSpliced(behind, 0, contender);
    return entry;
  }

  unclaim(routeKey: ObjectKey, host: string): HostEntry | undefined {
    const entry = this.hosts.get(host);
    if (entry === undefined) return undefined;
    entry.contenders = entry.contenders.filter((contender) => contender.routeKey !== routeKey);
    if (entry.contenders.length === 0) {
      this.hosts.delete(host);
      this.#tree?.delete(host);
    }
    return entry;
  }

  /**
   * Brings the sets that the matcher is made of in line with a host whose winner may have changed. Returns
   * whether the listener has to be built again.
   */
  settle(entry: HostEntry): ListenerNews {
    const winner = this.hosts.get(entry.host) === entry ? entry.contenders[0] : undefined;
    const own = winner !== undefined && needsOwnChain(entry.host, winner.claim.policy);
    const hadOwn = this.ownChains.has(entry.host);
    if (own) this.ownChains.set(entry.host, entry);
    else this.ownChains.delete(entry.host);
    if (entry.host.startsWith('*')) {
      const suffix = suffixOf(entry.host);
      if (own) this.wildcards.set(suffix, entry);
      else this.wildcards.delete(suffix);
      if (own !== hadOwn) this.#rename(suffix);
      return this.#news(own || hadOwn);
    }
    const before = this.named.get(entry.host);
    const named = winner !== undefined && !own && this.#mustBeNamed(entry);
    if (named) this.named.set(entry.host, entry);
    else this.named.delete(entry.host);
    const isNew = !hadOwn && before === undefined;
    if (isNew && (own || named) && this.isUnderWildcard(entry.host)) {
      this.newHosts.add(entry.name);
      // One that is served by the index chain is served from the list as from the listener.
      return own || needsSingleAttempt(entry) ? this.#news(true) : 'listed';
    }
    // A named host may have come to need the other chain of the index.
    return this.#news(own || hadOwn || named || before !== undefined);
  }

  #mustBeNamed(entry: HostEntry): boolean {
    return needsSingleAttempt(entry) || this.isUnderWildcard(entry.host);
  }

  isUnderWildcard(host: string): boolean {
    if (this.wildcards.size === 0) return false;
    for (const suffix of wildcardSuffixes(host)) if (this.wildcards.has(suffix)) return true;
    return false;
  }

  /** The most specific wildcard that takes what is under `pattern`, other than `pattern` itself. */
  wildcardAbove(pattern: string): HostEntry | undefined {
    for (const suffix of wildcardSuffixes(pattern)) {
      const entry = this.wildcards.get(suffix);
      if (entry !== undefined && entry.host !== pattern) return entry;
    }
    return undefined;
  }

  /**
   * Hostnames of a Gateway's listeners below a wildcard that the same Gateway serves: a request belongs to its most
   * specific listener, so what has no route there must not fall through to the wildcard's.
   */
  isolatedPatterns(): string[] {
    const isolated: string[] = [];
    // With ListenerSets there may be thousands of patterns.
    if (this.wildcards.size === 0) return isolated;
    for (const pattern of this.patterns.keys()) if (this.#isIsolated(pattern)) isolated.push(pattern);
    return isolated;
  }

  /** The same of hostnames whose listeners are not served: they are closed, whatever the wildcard is. */
  reservedPatterns(): string[] {
    if (this.wildcards.size === 0 || this.reserved.size === 0) return [];
    return [...this.reserved.keys()].filter((pattern) => this.isReserved(pattern));
  }

  /** Whether a listener that is not served keeps the hostname from the wildcard above it. */
  isReserved(pattern: string): boolean {
    return !this.ownChains.has(pattern) && this.#isOfGatewayAbove(pattern, this.reserved);
  }

  #isIsolated(pattern: string): boolean {
    return !this.ownChains.has(pattern) && this.#isOfGatewayAbove(pattern, this.patterns);
  }

  #isOfGatewayAbove(pattern: string, hostnames: HostnamesOfGateways): boolean {
    const gateways = hostnames.get(pattern);
    if (gateways === undefined) return false;
    const gateway = this.wildcardAbove(pattern)?.contenders[0]?.claim.gateway;
    return gateway !== undefined && gateways.has(objectKey(gateway));
  }

  /** Which entry a connection for `host` (no wildcard) is served by, as the matcher has it. */
  entryFor(host: string): HostEntry | undefined {
    const exact = this.hosts.get(host);
    if (exact !== undefined || this.#isIsolated(host) || this.isReserved(host)) return exact;
    let isFirst = true;
    for (const suffix of wildcardSuffixes(host)) {
      const entry = this.wildcards.get(suffix);
      if (entry !== undefined && (isFirst || !takesOneLabel(entry))) return entry;
      const pattern = suffix === '' ? '*' : `*.${suffix}`;
      if (this.#isIsolated(pattern) || this.isReserved(pattern)) return undefined;
      isFirst = false;
    }
    return undefined;
  }

  #treeOfHosts(): HostTree {
    const tree = new HostTree((name) => this.hosts.has(name));
    for (const host of this.hosts.keys()) if (!host.startsWith('*')) tree.add(host);
    return tree;
  }

  /** A wildcard came or went: looks at every host below it. */
  #rename(suffix: string): void {
    this.#tree ??= this.#treeOfHosts();
    for (const host of this.#tree.under(suffix)) {
      const entry = this.hosts.get(host);
      if (entry === undefined || this.ownChains.has(host)) continue;
      if (this.#mustBeNamed(entry)) this.named.set(host, entry);
      else this.named.delete(host);
    }
  }
}

function count(hostnames: HostnamesOfGateways, hostname: string, gatewayKey: ObjectKey, sign: 1 | -1): void {
  const gateways = hostnames.get(hostname) ?? new Map<ObjectKey, number>();
  const listeners = (gateways.get(gatewayKey) ?? 0) + sign;
  if (listeners > 0) gateways.set(gatewayKey, listeners);
  else gateways.delete(gatewayKey);
  if (gateways.size > 0) hostnames.set(hostname, gateways);
  else hostnames.delete(hostname);
}
