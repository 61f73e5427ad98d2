import { Backoff } from '../../kubernetes-api/backoff.ts';
import type { Random } from '../../kubernetes-api/clock.ts';
import { discover } from '../../kubernetes-api/discovery.ts';
import type { ApiTransport } from '../../kubernetes-api/transport.ts';
import type { Resource, WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { SourceLogger } from './failure-log.ts';
import type { ReflectorLimits } from './limits.ts';

export interface KindDiscoveryOptions {
  readonly watched: WatchedKind;
  readonly transport: ApiTransport;
  readonly limits: ReflectorLimits;
  readonly random: Random;
  readonly logger: SourceLogger;
}

/** A CRD counts as absent after so many answers that say so, in a row: a server that starts learns of it late. */
const ABSENCES = 3;

/** Which version of a kind is served, and whether any is. */
export class KindDiscovery {
  readonly #options: KindDiscoveryOptions;
  readonly #backoff: Backoff;
  #absences = 0;

  constructor(options: KindDiscoveryOptions) {
    this.#options = options;
    const { limits, random } = options;
    this.#backoff = new Backoff({ baseMs: limits.absenceBaseMs, maxMs: limits.absenceMaxMs, random });
  }

  /** It is certain that the kind is not served. */
  get isAbsent(): boolean {
    return this.#absences >= ABSENCES;
  }

  /** The last answer said so, the one that made it certain. */
  get becameAbsent(): boolean {
    return this.#absences === ABSENCES;
  }

  /** Some answers said so. */
  get isDoubtful(): boolean {
    return this.#absences > 0;
  }

  /** The version that is served; `undefined` where the server says that there is none. Throws an `ApiFailure` where it says nothing. */
  async find(signal: AbortSignal): Promise<Resource | undefined> {
    const { watched, transport, limits, logger } = this.#options;
    const { kind } = watched;
    const resource = await discover(watched, transport, limits.requestSilenceMs, signal);
    if (resource === undefined) {
      this.#absences += 1;
      if (this.becameAbsent)
        logger.info(
          { code: 'SLUICE_KUBE_KIND', kind },
          `Kubernetes API: ${watched.plural}.${watched.group} is not installed; waiting for it`,
        );
      return undefined;
    }
    if (this.isAbsent)
      logger.info(
        { code: 'SLUICE_KUBE_KIND', kind },
        `Kubernetes API: ${kind} is served now, as ${resource.apiVersion}`,
      );
    this.#absences = 0;
    this.#backoff.reset();
    return resource;
  }

  /** Something else was answered in between: absences are counted anew. */
  interrupted(): void {
    if (!this.isAbsent) this.#absences = 0;
  }

  /** How long to wait before the next look, in milliseconds. */
  nextDelay(): number {
    return this.#backoff.next();
  }
}
