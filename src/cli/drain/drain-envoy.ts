import { setTimeout as delay } from 'node:timers/promises';
import type { EnvoyAdmin } from './envoy-admin.ts';

export interface DrainOptions {
  /** Milliseconds from the failing health check until the ports are closed. */
  readonly unreadyMs: number;
  /** Milliseconds that connections may live on after that. */
  readonly timeoutMs: number;
  /** Milliseconds between looks at how many are left. */
  readonly pollMs?: number;
}

export interface Drained {
  /** `gone`: Envoy ended by itself, or answers no more. `unreachable`: it never answered, so nothing was drained. */
  readonly outcome: 'drained' | 'timeout' | 'gone' | 'unreachable';
  /** Connections that are still open. */
  readonly connections: number;
}

const POLL_MS = 500;

/**
 * Takes an Envoy out of service without closing a connection: out of health checks, then its ports closed, then as much
 * time as its connections need, `timeoutMs` at most. Never rejects: an Envoy that has answered before (`admin.hasAnswered`) and is gone is drained.
 */
export async function drainEnvoy(admin: EnvoyAdmin, options: DrainOptions): Promise<Drained> {
  const { unreadyMs, timeoutMs, pollMs = POLL_MS } = options;
  let connections = 0;
  try {
    await admin.failHealthCheck();
    await delay(unreadyMs);
    await admin.closeListeners();
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      connections = await admin.connections();
      if (connections === 0) return { outcome: 'drained', connections };
      const left = deadline - performance.now();
      if (left <= 0) return { outcome: 'timeout', connections };
      await delay(Math.min(pollMs, left));
    }
  } catch {
    return { outcome: admin.hasAnswered ? 'gone' : 'unreachable', connections };
  }
}
