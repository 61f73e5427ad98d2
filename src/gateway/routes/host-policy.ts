import { POLICY_ANNOTATIONS } from '../../model/annotations.ts';
import { type Condition, condition, POLICY_CONDITION } from '../../model/conditions.ts';
import type { HostPolicy } from '../../model/gateway.ts';
import type { ObjectMeta } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { parseDuration } from '../values/duration.ts';
import { listing } from '../values/listing.ts';

/** The settings that a route's annotations ask for, and what of them is not followed. */
export interface EvaluatedPolicy {
  readonly policy: HostPolicy;
  /** `undefined` where everything is followed. */
  readonly condition: Condition | undefined;
}

const NO_POLICY: EvaluatedPolicy = { policy: {}, condition: undefined };

/** What the value of an annotation means, and what is wrong with it. */
interface Reading<T> {
  /** `undefined`: the default. */
  readonly setting: T | undefined;
  /** Follows the annotation's name in a sentence. */
  readonly problem?: { readonly isInvalid: boolean; readonly text: string };
}

type Read<T> = (value: string, config: GatewayConfig) => Reading<T>;

const READ: { readonly [F in keyof HostPolicy]-?: Read<NonNullable<HostPolicy[F]>> } = {
  maxConnections: (value, { maxConnectionsPerHost }) =>
    /^[1-9][0-9]{0,9}$/.test(value)
      ? limited(Number(value), maxConnectionsPerHost, '')
      : invalid(value, 'a whole number above zero'),
  stats: (value, { allowHostStats }) => {
    if (value === 'false') return { setting: undefined };
    if (value !== 'true') return invalid(value, '"true" or "false"');
    if (allowHostStats) return { setting: true };
    return { setting: undefined, problem: { isInvalid: false, text: 'is not allowed here' } };
  },
  connectTimeoutMs: (value, { maxConnectTimeoutMs }) => duration(value, maxConnectTimeoutMs),
  idleTimeoutMs: (value, { maxIdleTimeoutMs }) => duration(value, maxIdleTimeoutMs),
  // "false" is said to a Gateway whose default is another.
  closeOnDelete: (value) => {
    if (value === 'true' || value === 'false') return { setting: value === 'true' };
    return invalid(value, '"true" or "false"');
  },
};

const FIELDS = Object.keys(POLICY_ANNOTATIONS) as readonly (keyof HostPolicy)[];

/**
 * Reads the settings of a route's hosts from its annotations. A value that is not valid leaves the default in
 * place; one beyond the operator's limit is cut to the limit, so that no tenant takes more than its share. Both
 * are said in a condition and neither keeps the route from being served.
 */
export function evaluatePolicy(meta: ObjectMeta, config: GatewayConfig): EvaluatedPolicy {
  const written = FIELDS.filter((field) => meta.annotations[POLICY_ANNOTATIONS[field].name] !== undefined);
  if (written.length === 0) return NO_POLICY;
  const policy: Partial<Record<keyof HostPolicy, unknown>> = {};
  const problems: NonNullable<Reading<unknown>['problem']>[] = [];
  for (const field of written) {
    const { name } = POLICY_ANNOTATIONS[field];
    const { setting, problem } = READ[field](meta.annotations[name] ?? '', config);
    if (setting !== undefined) policy[field] = setting;
    if (problem !== undefined) problems.push({ ...problem, text: `${name} ${problem.text}` });
  }
  if (problems.length === 0) return { policy: policy as HostPolicy, condition: undefined };
  const reason = problems.some(({ isInvalid }) => isInvalid) ? 'InvalidAnnotation' : 'Limited';
  const message = `${problems.map(({ text }) => text).join('; ')}.`;
  return {
    policy: policy as HostPolicy,
    condition: condition(POLICY_CONDITION, false, reason, message, meta.generation),
  };
}

/** Whether the annotations of a route may give its hosts filter chains of their own; a Gateway's may as well. */
export function maySetOwnChain({ annotations }: ObjectMeta): boolean {
  const { idleTimeoutMs, closeOnDelete } = POLICY_ANNOTATIONS;
  return annotations[idleTimeoutMs.name] !== undefined || annotations[closeOnDelete.name] !== undefined;
}

function invalid(value: string, expected: string): Reading<never> {
  const text = `${listing([JSON.stringify(value)])} is not ${expected}; the default is used`;
  return { setting: undefined, problem: { isInvalid: true, text } };
}

function limited(value: number, limit: number, unit: string): Reading<number> {
  if (value <= limit) return { setting: value };
  return { setting: limit, problem: { isInvalid: false, text: `is limited to ${limit}${unit}` } };
}

function duration(value: string, limitMs: number): Reading<number> {
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined && milliseconds > 0) return limited(milliseconds, limitMs, 'ms');
  return invalid(value, 'a duration above zero such as 1h30m, 10s or 500ms');
}
