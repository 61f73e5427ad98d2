import { compareListenerSets } from '../../gateway/parents/merge-listener-sets.ts';
import type { SecretName } from '../../model/events.ts';
import type { GatewayModel, ListenerSetModel } from '../../model/gateway.ts';
import { type NamespacedName, namespacedName } from '../../model/key.ts';

/** Secrets that ListenerSets refer to are watched up to here: a source watches some more, which are for the Gateways. */
export const MOST_SECRETS_OF_SETS = 50;

/**
 * The Secrets to watch, each once: all that Gateways refer to, then `MOST_SECRETS_OF_SETS` more that ListenerSets refer
 * to. The sets give one each in turn, in order of precedence: every replica comes to the same ones, whatever the order
 * in which it heard of the sets, and no set takes them all.
 */
export function secretsToRead(
  gateways: Iterable<GatewayModel>,
  sets: Iterable<ListenerSetModel>,
): readonly SecretName[] {
  const chosen = new Map<NamespacedName, SecretName>();
  for (const { secrets } of gateways) for (const secret of secrets) chosen.set(keyOf(secret), secret);
  const most = chosen.size + MOST_SECRETS_OF_SETS;
  let waiting = [...sets]
    .filter(({ secrets }) => secrets.length > 0)
    .sort(compareListenerSets)
    .map(({ secrets }) => secrets.values());
  while (waiting.length > 0) {
    waiting = waiting.filter((secrets) => {
      if (chosen.size === most) return false;
      const next = secrets.find((secret) => !chosen.has(keyOf(secret)));
      if (next === undefined) return false;
      chosen.set(keyOf(next), next);
      return true;
    });
  }
  return [...chosen.values()];
}

function keyOf({ namespace, name }: SecretName): NamespacedName {
  return namespacedName(namespace, name);
}
