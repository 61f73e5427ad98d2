import { DEFAULT_GATEWAY_CONFIG } from '../gateway/config.ts';
import { BUDGET_ANNOTATIONS } from '../model/annotations.ts';
import { parseBudget } from '../model/budget.ts';
import type { Finding } from './old-route.ts';
import type { Sources } from './sources.ts';

/** Namespaces that would have more hosts than Sluice gives one: those beyond would not be served. */
export function budgetFindings(
  sources: Sources,
  hosts: readonly { readonly host: string; readonly route: string | undefined }[],
): readonly Finding[] {
  const counts = new Map<string, { hosts: number; wildcards: number }>();
  for (const { host, route } of hosts) {
    if (route === undefined) continue;
    const namespace = route.slice(0, route.indexOf('/'));
    const count = counts.get(namespace) ?? { hosts: 0, wildcards: 0 };
    counts.set(namespace, count);
    count[host.startsWith('*.') ? 'wildcards' : 'hosts'] += 1;
  }
  return [...counts].flatMap(([namespace, count]) =>
    (['hosts', 'wildcards'] as const).flatMap((what): Finding[] => {
      const { name } = BUDGET_ANNOTATIONS[what];
      const given = parseBudget(sources.get('Namespace', '', namespace)?.annotations[name]);
      const most = given ?? DEFAULT_GATEWAY_CONFIG.namespaceBudget[what];
      if (count[what] <= most) return [];
      return [
        {
          object: `Namespace ${namespace}`,
          field: `metadata.annotations[${name}]`,
          fate: 'lost',
          matters: 'much',
          text: `It would have ${count[what]} ${what}, and Sluice serves ${most} of a namespace: write ${name}: "${count[what]}" on it, or give all namespaces more with sluice serve --namespace-${what}.`,
        },
      ];
    }),
  );
}
