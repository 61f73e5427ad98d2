import type { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import type { WatchedKind } from '../../kubernetes-api/watched-kind.ts';
import type { ObjectEvent, SecretName, SourceSink } from '../../model/events.ts';
import { type NamespacedName, namespacedName } from '../../model/key.ts';
import { SECRET_FACTS } from '../../model/kinds.ts';
import type { Fields } from '../objects/fields.ts';
import { absentSecret, decodeSecret } from '../objects/secret.ts';
import type { FailureLog } from './failure-log.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

/** Each is a watch of its own: what goes beyond is not looked for. */
const MOST = 100;

export type ReferencedSecretsOptions = Omit<
  ReflectorOptions,
  'watched' | 'decode' | 'sink' | 'onProblems' | 'failures'
> & {
  readonly sink: Pick<SourceSink, 'apply'>;
  readonly failures: Pick<FailureLog, 'failed' | 'recovered'>;
};

interface Reading {
  readonly name: SecretName;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** Whether the sink has heard of it. */
  told: boolean;
}

/**
 * The Secrets that listeners of ours refer to, one watch each: a list of all Secrets of a cluster is nothing that this
 * process should hold. Tells also of those that do not exist; of those that it may not read, nothing.
 */
export class ReferencedSecrets {
  readonly #options: ReferencedSecretsOptions;
  readonly #readings = new Map<NamespacedName, Reading>();
  readonly #ending = new Set<Promise<void>>();
  #saidForbidden = false;
  #saidTooMany = false;

  constructor(options: ReferencedSecretsOptions) {
    this.#options = options;
  }

  /** Replaces what is read. */
  read(secrets: readonly SecretName[]): void {
    const wanted = new Map(secrets.map((name) => [namespacedName(name.namespace, name.name), name]));
    for (const [key, reading] of this.#readings) if (!wanted.has(key)) this.#end(key, reading);
    for (const [key, name] of wanted) {
      if (this.#readings.has(key)) continue;
      if (this.#readings.size < MOST) this.#begin(key, name);
      else this.#sayTooMany(wanted.size);
    }
  }

  async stop(): Promise<void> {
    for (const [key, reading] of this.#readings) {
      this.#readings.delete(key);
      reading.stop.abort();
      this.#ending.add(reading.done);
    }
    await Promise.all(this.#ending);
  }

  #begin(key: NamespacedName, name: SecretName): void {
    const stop = new AbortController();
    const { namespace } = name;
    const tell = (event: ObjectEvent): void => {
      if (stop.signal.aborted) return;
      reading.told = true;
      this.#options.sink.apply([event]);
    };
    const absent: ObjectEvent = { type: 'upsert', object: absentSecret(namespace, name.name) };
    let present = false;
    const reflector = new Reflector({
      ...this.#options,
      watched: oneSecret(name),
      decode: (raw) => ({ type: 'object', object: decodeSecret(raw as Fields) }),
      sink: {
        apply(events) {
          for (const event of events) {
            present = event.type === 'upsert';
            tell(present ? event : absent);
          }
        },
        synced() {
          if (!present) tell(absent);
        },
      },
      failures: {
        failed: (watched, failure, wait) => this.#failed(watched, failure, wait),
        recovered: (watched) => this.#options.failures.recovered(watched),
      },
      onProblems: () => {},
    });
    const reading: Reading = { name, stop, told: false, done: reflector.run(stop.signal) };
    this.#readings.set(key, reading);
  }

  #end(key: NamespacedName, reading: Reading): void {
    this.#readings.delete(key);
    reading.stop.abort();
    this.#ending.add(reading.done);
    void reading.done.then(() => this.#ending.delete(reading.done));
    if (reading.told)
      this.#options.sink.apply([{ type: 'delete', ref: { kind: 'Secret', ...reading.name } }]);
  }

  /** Not to be allowed to read Secrets is how Sluice is installed, unless somebody wants more. */
  #failed(watched: WatchedKind, failure: ApiFailure, wait: number): void {
    if (failure.reason !== 'forbidden') {
      this.#options.failures.failed(watched, failure, wait);
      return;
    }
    if (this.#saidForbidden) return;
    this.#saidForbidden = true;
    this.#options.logger.info(
      { code: failure.code },
      'Kubernetes API: no permission to read Secrets: whether the certificates that listeners refer to exist is not told in their status',
    );
  }

  #sayTooMany(wanted: number): void {
    if (this.#saidTooMany) return;
    this.#saidTooMany = true;
    this.#options.logger.warn(
      { code: 'SLUICE_SECRETS_MANY', wanted, read: MOST },
      `Kubernetes API: listeners refer to ${wanted} Secrets; of ${MOST} it is told in their status whether they exist`,
    );
  }
}

function oneSecret(only: SecretName): WatchedKind {
  return { ...SECRET_FACTS, metadataOnly: false, only };
}
