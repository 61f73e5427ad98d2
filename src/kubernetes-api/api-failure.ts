/**
 * Why a request to the API did not do what it should; each wants another answer of the reflector.
 *
 * - `config`: no usable kubeconfig or credentials; nothing was sent.
 * - `unreachable`: no connection, TLS refused, or the connection was cut.
 * - `silent`: a connection on which nothing was heard for too long.
 * - `malformed`: the server's bytes are not what the API sends.
 * - `unauthorized` (401), `forbidden` (403), `not-found` (404), `gone` (410, or an ERROR event of that code),
 *   `throttled` (429), `server` (any other refusal).
 */
export type FailureReason =
  | 'config'
  | 'unreachable'
  | 'silent'
  | 'malformed'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'gone'
  | 'throttled'
  | 'server';

const CODES: Readonly<Record<FailureReason, string>> = {
  config: 'SLUICE_KUBE_CONFIG',
  unreachable: 'SLUICE_KUBE_UNREACHABLE',
  silent: 'SLUICE_KUBE_SILENT',
  malformed: 'SLUICE_KUBE_MALFORMED',
  unauthorized: 'SLUICE_KUBE_UNAUTHORIZED',
  forbidden: 'SLUICE_KUBE_FORBIDDEN',
  'not-found': 'SLUICE_KUBE_NOT_FOUND',
  gone: 'SLUICE_KUBE_GONE',
  throttled: 'SLUICE_KUBE_THROTTLED',
  server: 'SLUICE_KUBE_SERVER_ERROR',
};

/** The one error that this folder throws. */
export class ApiFailure extends Error {
  readonly reason: FailureReason;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** The server has just started, and reads what was asked for from etcd. */
  readonly isStarting: boolean;

  constructor(
    reason: FailureReason,
    message: string,
    options: {
      readonly retryAfterMs?: number | undefined;
      readonly isStarting?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiFailure';
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
    this.isStarting = options.isStarting ?? false;
  }

  /** Stable, `SLUICE_KUBE_…`. */
  get code(): string {
    return CODES[this.reason];
  }
}

/** Of a `Status` object, what is read. */
interface Status {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown } | null;
}

/**
 * An API server that has just started says so with 429 until it has read a kind from etcd, some 100 ms after it was first asked
 * for it or, of 20,000 custom resources, some seconds. It asks for a second each time, and is not busy with us.
 */
const INITIALIZING = 'storage is (re)initializing';

/** The failure that a status code and the API's `Status` object stand for. `what` names the request. */
export function failureOfStatus(
  what: string,
  code: number,
  status: unknown,
  retryAfterMs?: number,
): ApiFailure {
  const { message, reason, details } = (
    typeof status === 'object' && status !== null ? status : {}
  ) as Status;
  const seconds = details?.retryAfterSeconds;
  const isStarting = code === 429 && typeof message === 'string' && message.includes(INITIALIZING);
  const wait = isStarting
    ? undefined
    : (retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined));
  const said = typeof message === 'string' && message !== '' ? `: ${message.slice(0, 500)}` : '';
  return new ApiFailure(
    isStarting ? 'server' : reasonOf(code, reason),
    `${what} was answered ${code}${said}`,
    {
      retryAfterMs: wait,
      isStarting,
    },
  );
}

function reasonOf(code: number, reason: unknown): FailureReason {
  // An ERROR event may carry the reason with another code: client libraries of the project look at both.
  if (code === 410 || reason === 'Expired' || reason === 'Gone') return 'gone';
  switch (code) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 429:
      return 'throttled';
    default:
      return 'server';
  }
}

/** What was thrown, where it is one; anything else is a mistake in what was read, or of ours. */
export function asApiFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ApiFailure('malformed', reason, { cause: error });
}
