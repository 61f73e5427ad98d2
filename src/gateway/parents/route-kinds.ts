import { groupKindOf } from '../../model/kinds.ts';
import type { RouteGroupKind } from '../../model/objects.ts';

export const TLS_ROUTE = groupKindOf('TLSRoute');
const HTTP_ROUTE = groupKindOf('HTTPRoute');
const GRPC_ROUTE = groupKindOf('GRPCRoute');

/** The kinds of routes that go with a listener's protocol; `undefined` for a protocol that Sluice does not know. */
export function kindsOfProtocol(protocol: string): readonly RouteGroupKind[] | undefined {
  switch (protocol) {
    case 'TLS':
      return [TLS_ROUTE];
    case 'HTTP':
    case 'HTTPS':
      return [HTTP_ROUTE, GRPC_ROUTE];
    default:
      return undefined;
  }
}

export function includesKind(kinds: readonly RouteGroupKind[], kind: RouteGroupKind): boolean {
  return kinds.some((entry) => entry.group === kind.group && entry.kind === kind.kind);
}
