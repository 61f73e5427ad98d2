import { hash } from 'node:crypto';
import { isPageFile } from '../page/page-path.ts';
import {
  type Access,
  type AdminGuard,
  type AdminVisitor,
  OPERATOR,
  PROBES,
  type Refusal,
} from './admin-guard.ts';
import { isLoopback } from './loopback.ts';
import { type ApiUser, ReviewFailure, type Reviews, type Wish } from './reviews.ts';
import { ShortCache } from './short-cache.ts';

const METRICS = '/metrics';
/** Pages of which those who may see some namespaces see these. */
const FOR_TENANTS: ReadonlySet<string> = new Set(['/api/v1/explain', '/api/v1/verdict', '/api/v1/routes']);
/** What the API server said is believed for so long, in milliseconds. */
const BELIEVED_MS = 10_000;
/** Questions to the API server at a time: who guesses tokens must not make thousands. */
const MOST_AT_ONCE = 16;
const LONGEST_TOKEN = 16 * 1024;

export interface GuardOptions {
  readonly reviews: Reviews;
  /** Whether `/metrics` wants a token too. */
  readonly metrics: boolean;
  readonly now?: () => number;
}

/**
 * Lets in who the API server knows and allows: `get` on the nonResourceURL of the page shows everything; for hosts and routes, `get` on
 * TLSRoutes of a namespace shows that namespace. Whoever connects from loopback is let in: they are in the pod, or kubelet
 * forwards a port for somebody whom the API server allowed that.
 */
export function kubernetesGuard({
  reviews,
  metrics,
  now = () => performance.now(),
}: GuardOptions): AdminGuard {
  const users = new ShortCache<ApiUser | undefined>(BELIEVED_MS, now);
  const verdicts = new ShortCache<boolean>(BELIEVED_MS, now);
  let asking = 0;
  const bounded = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (asking >= MOST_AT_ONCE)
      throw new ReviewFailure('too many ask who they are at once; try again in a second');
    asking += 1;
    try {
      return await ask();
    } finally {
      asking -= 1;
    }
  };
  const isAllowed = (id: string, user: ApiUser, wish: Wish): Promise<boolean> =>
    verdicts.get(`${id} ${'path' in wish ? wish.path : `in ${wish.routesOf}`}`, () =>
      bounded(() => reviews.isAllowed(user, wish)),
    );
  const admitted = async ({
    path,
    headers,
  }: AdminVisitor): Promise<Awaited<ReturnType<AdminGuard['admit']>>> => {
    const token = tokenOf(headers);
    if (token === undefined) return { refused: NO_TOKEN };
    const id = hash('sha256', token);
    const user = await users.get(id, () => bounded(() => reviews.userOf(token)));
    if (user === undefined) return { refused: BAD_TOKEN };
    const url = urlOf(path);
    if (await isAllowed(id, user, { path: url })) return { access: OPERATOR };
    if (!FOR_TENANTS.has(path)) return { refused: forbidden(user, url) };
    const access: Access = {
      isOperator: false,
      mayReadRoutes: (namespace) => isAllowed(id, user, { routesOf: namespace }),
    };
    return { access };
  };
  return {
    admit: async (visitor) => {
      const { path, peer } = visitor;
      if (PROBES.has(path) || isPageFile(path) || (path === METRICS && !metrics) || isLoopback(peer))
        return { access: OPERATOR };
      try {
        return await admitted(visitor);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return { refused: { status: 503, code: 'SLUICE_ADMIN_REVIEW', message } };
      }
    },
  };
}

const NO_TOKEN: Refusal = {
  status: 401,
  code: 'SLUICE_ADMIN_UNAUTHENTICATED',
  message:
    'no token: send "Authorization: Bearer TOKEN" (through the API server, which takes that header away, "Sluice-Authorization"); "kubectl create token NAME --audience sluice.dev" makes one',
};

const BAD_TOKEN: Refusal = {
  status: 401,
  code: 'SLUICE_ADMIN_UNAUTHENTICATED',
  message: 'the API server does not know this token, or it has expired; make a new one',
};

/**
 * The nonResourceURL that a page is for RBAC: below a prefix of our own, since the API server itself has pages below /debug and
 * /api/v1. Metrics are asked for by the name that Prometheus is allowed everywhere.
 */
function urlOf(path: string): string {
  return path === METRICS ? path : `/sluice.dev${path}`;
}

function forbidden({ username }: ApiUser, url: string): Refusal {
  return {
    status: 403,
    code: 'SLUICE_ADMIN_FORBIDDEN',
    message: `${username} may not get the nonResourceURL ${url}; bind it to the ClusterRole sluice-viewer`,
  };
}

function tokenOf(headers: AdminVisitor['headers']): string | undefined {
  const own = headers['sluice-authorization'];
  const given = (Array.isArray(own) ? own[0] : own) ?? headers.authorization ?? '';
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(given.length > LONGEST_TOKEN ? '' : given) ?? [];
  return token;
}
