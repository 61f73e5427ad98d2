import { ApiClient, type ApiClientOptions } from '../../../kubernetes-api/api-client.ts';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { TOKEN_AUDIENCE } from '../../../model/names.ts';

/** Who a token is, in the words of the API server. */
export interface ApiUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The API server could not be asked; the message says what it lacks. */
export class ReviewFailure extends Error {}

/** What may be asked about: a page, or the routes of a namespace. */
export type Wish = { readonly path: string } | { readonly routesOf: string };

/** Kubernetes' own answers to who somebody is and what they may do. */
export interface Reviews {
  /** `undefined`: the token is nobody's. Rejects with a `ReviewFailure`. */
  userOf(token: string): Promise<ApiUser | undefined>;
  /** Rejects with a `ReviewFailure`. */
  isAllowed(user: ApiUser, wish: Wish): Promise<boolean>;
  close(): void;
}

const REVIEW_MS = 5_000;

/** TokenReview and SubjectAccessReview, for which Sluice needs `create` on both. */
export function kubernetesReviews(options: ApiClientOptions): Reviews {
  const client = new ApiClient({ timeoutMs: REVIEW_MS, ...options });
  const review = async (group: string, resource: string, kind: string, spec: object): Promise<object> => {
    try {
      const body = { apiVersion: `${group}/v1`, kind, spec };
      const answer = await client.read('POST', `/apis/${group}/v1/${resource}`, { body });
      return (answer as { status?: object } | undefined)?.status ?? {};
    } catch (cause) {
      const isForbidden = cause instanceof ApiFailure && cause.reason === 'forbidden';
      const advice = isForbidden
        ? `; allow Sluice's service account create on ${resource} of ${group}, or set --admin-auth off`
        : '';
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ReviewFailure(`who asks cannot be found out: ${reason}${advice}`, { cause });
    }
  };
  const authenticated = async (token: string, audiences: readonly string[]): Promise<ApiUser | undefined> => {
    const spec = { token, ...(audiences.length > 0 && { audiences }) };
    const status = (await review('authentication.k8s.io', 'tokenreviews', 'TokenReview', spec)) as {
      authenticated?: boolean;
      user?: ApiUser;
    };
    return status.authenticated === true ? status.user : undefined;
  };
  return {
    // A token that is for us alone; else one that is for the API server, as Prometheus has it.
    userOf: async (token) =>
      (await authenticated(token, [TOKEN_AUDIENCE])) ?? (await authenticated(token, [])),
    isAllowed: async ({ username, uid, groups, extra }, wish) => {
      const attributes =
        'path' in wish
          ? { nonResourceAttributes: { verb: 'get', path: wish.path } }
          : {
              resourceAttributes: {
                verb: 'get',
                group: 'gateway.networking.k8s.io',
                resource: 'tlsroutes',
                namespace: wish.routesOf,
              },
            };
      const spec = { user: username, uid, groups, extra, ...attributes };
      const status = (await review(
        'authorization.k8s.io',
        'subjectaccessreviews',
        'SubjectAccessReview',
        spec,
      )) as { allowed?: boolean };
      return status.allowed === true;
    },
    close: () => client.close(),
  };
}
