import { type Condition, condition } from '../../model/conditions.ts';
import type { DesiredListener } from '../../model/desired-status.ts';
import type { Acknowledgement, FleetView } from '../../model/fleet.ts';

/** A listener before it is known what Envoy made of it. */
export interface ExpectedListener extends DesiredListener {
  /** Names of the bindings that serve it; none where it opens no port. */
  readonly bindings: readonly string[];
}

const LONGEST_ERROR = 1_000;

/** The listeners of one parent that were programmed, by name: for which generation, and on which bindings. */
export type ProgrammedListeners = ReadonlyMap<string, string>;

export interface ProgrammedParent {
  readonly conditions: readonly Condition[];
  readonly listeners: readonly DesiredListener[];
  /** Listeners that have been programmed, for the next evaluation of the same parent. */
  readonly programmed: ProgrammedListeners;
}

/**
 * The conditions of a Gateway or ListenerSet and its listeners with `Programmed` as Envoy has it: True only where every binding was
 * acknowledged by an Envoy. What evaluation says is False already stays as it is. Without an Envoy that serves nothing is on
 * its way, and what was programmed no longer is.
 *
 * A listener's resource in Envoy changes with every wildcard host on it; what was acknowledged once for a generation of
 * its Gateway or ListenerSet (`before`) stays programmed while the next version is on its way, else its status would
 * flicker with other tenants' routes.
 */
export function programmedStatus(
  parent: { readonly conditions: readonly Condition[]; readonly listeners: readonly ExpectedListener[] },
  acknowledgementOf: (binding: string) => Acknowledgement,
  fleet: Pick<FleetView, 'serving' | 'connected'>,
  before: ProgrammedListeners,
): ProgrammedParent {
  const isServed = fleet.serving.size > 0;
  const programmed = new Map<string, string>();
  let waiting: Condition | undefined;
  const listeners = parent.listeners.map(({ bindings, ...listener }): DesiredListener => {
    const expected = listener.conditions.find(({ type }) => type === 'Programmed');
    if (expected?.status !== 'True' || bindings.length === 0) return listener;
    const identity = JSON.stringify([expected.observedGeneration, bindings]);
    const wasProgrammed = isServed && before.get(listener.name) === identity;
    const verdict = judge(bindings.map(acknowledgementOf), wasProgrammed, fleet, expected);
    if (verdict === undefined) {
      programmed.set(listener.name, identity);
      return listener;
    }
    waiting = waiting === undefined || verdict.reason === 'Invalid' ? verdict : waiting;
    return { ...listener, conditions: replaced(listener.conditions, verdict) };
  });
  const overall = parent.conditions.find(({ type }) => type === 'Programmed');
  // One listener that works is enough for the whole, as it is for Accepted; the others tell by themselves.
  if (overall?.status !== 'True' || waiting === undefined || programmed.size > 0)
    return { conditions: parent.conditions, listeners, programmed };
  return { conditions: replaced(parent.conditions, waiting), listeners, programmed };
}

/** `undefined`: programmed. */
function judge(
  acknowledgements: readonly Acknowledgement[],
  wasProgrammed: boolean,
  fleet: Pick<FleetView, 'serving' | 'connected'>,
  { observedGeneration }: Condition,
): Condition | undefined {
  const missing = acknowledgements.filter(({ acknowledged }) => !acknowledged);
  if (missing.length === 0) return undefined;
  const rejected = missing.find(({ rejection }) => rejection !== undefined);
  if (rejected?.rejection !== undefined) {
    const error = rejected.rejection.slice(0, LONGEST_ERROR);
    return condition('Programmed', false, 'Invalid', `Envoy rejected it: ${error}`, observedGeneration);
  }
  if (wasProgrammed) return undefined;
  return condition('Programmed', false, 'Pending', whyPending(fleet), observedGeneration);
}

function whyPending({ serving, connected }: Pick<FleetView, 'serving' | 'connected'>): string {
  if (connected.size === 0 && serving.size === 0)
    return 'No Envoy is connected to Sluice; the operator has to look after the gateway nodes.';
  if (connected.size === 0)
    return 'No Envoy is connected to Sluice any more; those that were here come back in seconds.';
  if (serving.size === 0)
    return `Envoys are connected (${connected.size}), and none of them has all of its configuration yet.`;
  return 'No Envoy has acknowledged it yet.';
}

function replaced(conditions: readonly Condition[], by: Condition): readonly Condition[] {
  return conditions.map((each) => (each.type === by.type ? by : each));
}
