import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import type { HostPolicy } from '../../model/gateway.ts';
import type { ObjectMeta } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { parseDuration } from '../values/duration.ts';
import { listing } from '../values/listing.ts';

const MAX_CONNECTIONS = 'sluice.dev/max-connections';
const STATS = 'sluice.dev/stats';
const CONNECT_TIMEOUT = 'sluice.dev/connect-timeout';
const IDLE_TIMEOUT = 'sluice.dev/idle-timeout';

/** Only set where something is wrong: one of our own, as the Gateway API has none for annotations. */
export const POLICY_CONDITION = 'sluice.dev/PolicyAccepted';

/** The settings that a route's annotations ask for, and what of them is not followed. */
export interface EvaluatedPolicy {
  readonly policy: HostPolicy;
  /** `undefined` where everything is followed. */
  readonly condition: Condition | undefined;
}

const NO_POLICY: EvaluatedPolicy = { policy: {}, condition: undefined };

/**
 * Reads the settings of a route's hosts from its annotations. A value that is not valid leaves the default in
 * place; one beyond the operator's limit is cut to the limit, so that no tenant takes more than its share. Both
 * are said in a condition and neither keeps the route from being served.
 */
export function evaluatePolicy(meta: ObjectMeta, config: GatewayConfig): EvaluatedPolicy {
  const { annotations } = meta;
  const maxConnections = annotations[MAX_CONNECTIONS];
  const stats = annotations[STATS];
  const connectTimeout = annotations[CONNECT_TIMEOUT];
  const idleTimeout = annotations[IDLE_TIMEOUT];
  if ((maxConnections ?? stats ?? connectTimeout ?? idleTimeout) === undefined) return NO_POLICY;

  const policy: { -readonly [K in keyof HostPolicy]: HostPolicy[K] } = {};
  const problems: string[] = [];
  let isInvalid = false;
  const invalid = (annotation: string, value: string, expected: string) => {
    isInvalid = true;
    problems.push(
      `${annotation} ${listing([JSON.stringify(value)])} is not ${expected}; the default is used`,
    );
  };
  const limited = (annotation: string, value: number, limit: number, unit: string) => {
    if (value <= limit) return value;
    problems.push(`${annotation} is limited to ${limit}${unit}`);
    return limit;
  };
  const duration = (annotation: string, value: string, limit: number) => {
    const milliseconds = parseDuration(value);
    if (milliseconds !== undefined && milliseconds > 0) return limited(annotation, milliseconds, limit, 'ms');
    invalid(annotation, value, 'a duration above zero such as 1h30m, 10s or 500ms');
    return undefined;
  };

  if (maxConnections !== undefined) {
    if (/^[1-9][0-9]{0,9}$/.test(maxConnections)) {
      const limit = config.maxConnectionsPerHost;
      policy.maxConnections = limited(MAX_CONNECTIONS, Number(maxConnections), limit, '');
    } else {
      invalid(MAX_CONNECTIONS, maxConnections, 'a whole number above zero');
    }
  }
  if (stats === 'true') {
    if (config.allowHostStats) policy.stats = true;
    else problems.push(`${STATS} is not allowed here`);
  } else if (stats !== undefined && stats !== 'false') {
    invalid(STATS, stats, '"true" or "false"');
  }
  if (connectTimeout !== undefined) {
    const milliseconds = duration(CONNECT_TIMEOUT, connectTimeout, config.maxConnectTimeoutMs);
    if (milliseconds !== undefined) policy.connectTimeoutMs = milliseconds;
  }
  if (idleTimeout !== undefined) {
    const milliseconds = duration(IDLE_TIMEOUT, idleTimeout, config.maxIdleTimeoutMs);
    if (milliseconds !== undefined) policy.idleTimeoutMs = milliseconds;
  }
  if (problems.length === 0) return { policy, condition: undefined };
  const reason = isInvalid ? 'InvalidAnnotation' : 'Limited';
  return {
    policy,
    condition: condition(POLICY_CONDITION, false, reason, `${problems.join('; ')}.`, meta.generation),
  };
}
