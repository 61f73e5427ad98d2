import { type Condition, condition } from '../model/conditions.ts';
import type { DesiredListener } from './desired.ts';

/** What the Envoys made of the listener of one binding, in the version that is to be served now. */
export interface BindingState {
  /** At least one Envoy has acknowledged it. */
  readonly acknowledged: boolean;
  /** Why an Envoy rejected it; `undefined` where none did. */
  readonly rejection: string | undefined;
}

/** A listener before it is known what Envoy made of it. */
export interface ExpectedListener extends DesiredListener {
  /** Names of the bindings that serve it; none where it opens no port. */
  readonly bindings: readonly string[];
}

const LONGEST_ERROR = 1_000;

/**
 * Remembers which listeners have been programmed. A listener's resource in Envoy changes with every wildcard host on it;
 * what was acknowledged once for a generation of its Gateway or ListenerSet stays programmed while the next version is on its way,
 * else its status would flicker with other tenants' routes.
 */
export class ProgrammedListeners {
  /** Key of a Gateway or ListenerSet → listener name → generation and bindings that were acknowledged. */
  readonly #known = new Map<string, Map<string, string>>();

  forget(parentKey: string): void {
    this.#known.delete(parentKey);
  }

  /**
   * The conditions of a Gateway or ListenerSet and its listeners with `Programmed` as Envoy has it: True only where every binding was
   * acknowledged by an Envoy. What evaluation says is False already stays as it is. `isServed`: there is an Envoy at all;
   * without one nothing is on its way, and what was programmed no longer is.
   */
  apply(
    parentKey: string,
    parent: { readonly conditions: readonly Condition[]; readonly listeners: readonly ExpectedListener[] },
    stateOf: (binding: string) => BindingState,
    isServed: boolean,
  ): { readonly conditions: readonly Condition[]; readonly listeners: readonly DesiredListener[] } {
    const known = this.#known.get(parentKey) ?? new Map<string, string>();
    const next = new Map<string, string>();
    let waiting: Condition | undefined;
    let served = 0;
    const listeners = parent.listeners.map(({ bindings, ...listener }): DesiredListener => {
      const programmed = listener.conditions.find(({ type }) => type === 'Programmed');
      if (programmed?.status !== 'True' || bindings.length === 0) return listener;
      const identity = JSON.stringify([programmed.observedGeneration, bindings]);
      const verdict = judge(
        bindings.map(stateOf),
        isServed && known.get(listener.name) === identity,
        programmed,
      );
      if (verdict === undefined) {
        served += 1;
        next.set(listener.name, identity);
        return listener;
      }
      waiting = waiting === undefined || verdict.reason === 'Invalid' ? verdict : waiting;
      return { ...listener, conditions: replaced(listener.conditions, verdict) };
    });
    if (next.size > 0) this.#known.set(parentKey, next);
    else this.#known.delete(parentKey);
    const overall = parent.conditions.find(({ type }) => type === 'Programmed');
    // One listener that works is enough for the whole, as it is for Accepted; the others tell by themselves.
    if (overall?.status !== 'True' || waiting === undefined || served > 0)
      return { conditions: parent.conditions, listeners };
    const { reason, message, observedGeneration } = waiting;
    return {
      conditions: replaced(
        parent.conditions,
        condition('Programmed', false, reason, message, observedGeneration),
      ),
      listeners,
    };
  }
}

/** `undefined`: programmed. */
function judge(
  states: readonly BindingState[],
  wasProgrammed: boolean,
  { observedGeneration }: Condition,
): Condition | undefined {
  const missing = states.filter(({ acknowledged }) => !acknowledged);
  if (missing.length === 0) return undefined;
  const rejected = missing.find(({ rejection }) => rejection !== undefined);
  if (rejected?.rejection !== undefined) {
    const error = rejected.rejection.slice(0, LONGEST_ERROR);
    return condition('Programmed', false, 'Invalid', `Envoy rejected it: ${error}`, observedGeneration);
  }
  if (wasProgrammed) return undefined;
  const message = 'No Envoy has acknowledged it yet.';
  return condition('Programmed', false, 'Pending', message, observedGeneration);
}

function replaced(conditions: readonly Condition[], by: Condition): readonly Condition[] {
  return conditions.map((each) => (each.type === by.type ? by : each));
}
