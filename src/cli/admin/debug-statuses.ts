import type { ObjectKey } from '../../model/key.ts';
import type { StatusController } from '../../status/status-controller.ts';
import { type AdminPage, jsonPage, textPage } from './admin-server.ts';

/** Objects whose status is shown. */
const MOST_SHOWN = 200;
const OBJECT = /^[A-Z]\w*\/[^/\s]*\/[^/\s]+$/;

/**
 * `/debug/statuses`: what the leader withholds in the mode `shadow`, each with what it would say; with
 * `?object=Ingress/NAMESPACE/NAME` what it would say of that one, in any mode.
 */
export function debugStatuses(
  status: Pick<StatusController, 'mode' | 'leading' | 'withheld' | 'desired'> | undefined,
  query: URLSearchParams,
): AdminPage {
  if (status === undefined) return textPage('manifests of a directory have no status', 404);
  const { mode, leading, withheld } = status;
  const asked = query.get('object');
  if (asked !== null && !OBJECT.test(asked))
    return textPage('no object; write it as ?object=Ingress/default/demo, ?object=Gateway/infra/public', 400);
  const keys = asked === null ? [...withheld].slice(0, MOST_SHOWN) : [asked as ObjectKey];
  const shown = leading ? keys : [];
  return jsonPage({
    mode,
    leading,
    withheld: withheld.size,
    objects: shown.map((key) => ({
      object: key,
      isWithheld: withheld.has(key),
      status: status.desired(key) ?? null,
    })),
  });
}
