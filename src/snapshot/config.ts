import { DEFAULT_GATEWAY_CONFIG, type GatewayConfig } from '../gateway/config.ts';

/** What an operator can set about the translation. Times in milliseconds. */
export interface EngineConfig {
  readonly gateway: GatewayConfig;
  /** `index`: exact hosts are found by cluster name. `chain`: one filter chain for each host. */
  readonly sniMode: 'index' | 'chain';
  /** How long a connection may be silent in both directions; 0: for ever. Part of every filter chain. */
  readonly idleTimeoutMs: number;
  /** Until a backend has accepted the TCP connection. */
  readonly connectTimeoutMs: number;
  /** How long a client may take for its ClientHello. Part of every listener. */
  readonly clientHelloTimeoutMs: number;
  /** Whether listeners write an access log at all; how much of it is steered at run time, see docs/design/envoy.md. */
  readonly accessLog: boolean;
}

export const DEFAULT_ENGINE_CONFIG: EngineConfig = {
  gateway: DEFAULT_GATEWAY_CONFIG,
  sniMode: 'index',
  // Watches of an API server are silent for hours; keepalive finds dead peers long before.
  idleTimeoutMs: 24 * 3_600_000,
  connectTimeoutMs: 5_000,
  clientHelloTimeoutMs: 10_000,
  accessLog: true,
};
