import type { IncomingHttpHeaders } from 'node:http';

/** Pages that kubelet asks for, which has no token. */
export const PROBES: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz']);

/** What somebody who was let in may see. */
export interface Access {
  /** Everything. Otherwise only what `mayReadRoutes` says. */
  readonly isOperator: boolean;
  /** Whether routes of the namespace may be seen. Rejects with a `ReviewFailure` where that cannot be found out. */
  mayReadRoutes(namespace: string): Promise<boolean>;
}

export interface AdminVisitor {
  readonly path: string;
  /** IP address of the other end of the connection. */
  readonly peer: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Refusal {
  readonly status: 401 | 403 | 503;
  /** Stable, listed in docs/errors.md. */
  readonly code: string;
  readonly message: string;
}

/** Decides who may look at the admin address. Never rejects. */
export interface AdminGuard {
  admit(visitor: AdminVisitor): Promise<{ readonly access: Access } | { readonly refused: Refusal }>;
}

export const OPERATOR: Access = { isOperator: true, mayReadRoutes: () => Promise.resolve(true) };

/** Whoever reaches the address sees everything. */
export const OPEN_TO_ALL: AdminGuard = { admit: () => Promise.resolve({ access: OPERATOR }) };
