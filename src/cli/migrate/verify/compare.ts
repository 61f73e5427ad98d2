import type { TlsProbe } from '../../operator/probe/tls-probe.ts';

/**
 * `same`: both answered, alike. `different`: one did not answer, or otherwise. `neither`: both turned the host away, so the new gateway
 * does what the old one did. `unknown`: a gateway took no connections.
 */
export type HostVerdict = 'same' | 'different' | 'neither' | 'unknown';

export interface HostComparison {
  readonly host: string;
  readonly verdict: HostVerdict;
  /** One sentence each. */
  readonly differences: readonly string[];
  /** Slowest handshake of the old and of the new gateways, in milliseconds; `undefined` where none was. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

/** What was heard of one host, of several tries together: the pods of a backend may have a certificate each. */
export interface HostProbes {
  readonly from: readonly TlsProbe[];
  readonly to: readonly TlsProbe[];
}

/** Pure. */
export function compareHost(host: string, { from, to }: HostProbes): HostComparison {
  const [answeredBefore, answeredNow] = [from, to].map((probes) => probes.filter(isAnswer));
  const times = { fromMs: slowest(from), toMs: slowest(to) };
  if (
    answeredBefore === undefined ||
    answeredNow === undefined ||
    answeredBefore.length + answeredNow.length === 0
  ) {
    const differences = [`neither answers: ${from[0]?.outcome ?? 'not asked'}`];
    return { host, verdict: 'neither', differences, ...times };
  }
  const differences = new Set<string>();
  for (const probe of from)
    if (!isAnswer(probe)) differences.add(`the old gateway ${where(probe)}: ${probe.outcome}`);
  for (const probe of to)
    if (!isAnswer(probe)) differences.add(`the new gateway ${where(probe)}: ${probe.outcome}`);
  if (answeredBefore.length > 0)
    for (const probe of answeredNow)
      for (const text of differencesOf(answeredBefore, probe)) differences.add(text);
  return {
    host,
    verdict: differences.size === 0 ? 'same' : 'different',
    differences: [...differences],
    ...times,
  };
}

/** Whether there is a certificate to compare, whatever name it is for. */
function isAnswer({ stage }: TlsProbe): boolean {
  return stage === 'done';
}

function differencesOf(before: readonly TlsProbe[], now: TlsProbe): readonly string[] {
  const [first] = before;
  const differ = (read: (probe: TlsProbe) => string | undefined): boolean =>
    !before.some((each) => read(each) === read(now));
  const changes: string[] = [];
  if (differ(({ issuer }) => issuer))
    changes.push(`issuer ${now.issuer ?? 'none'} instead of ${first?.issuer ?? 'none'}`);
  if (differ(({ fingerprint }) => fingerprint))
    changes.push(
      `another certificate: ${identity(now)} instead of ${first === undefined ? '' : identity(first)}`,
    );
  if (differ(({ protocol }) => protocol))
    changes.push(`protocol ${now.protocol ?? 'none'} instead of ${first?.protocol ?? 'none'}`);
  if (differ(({ alpn }) => alpn))
    changes.push(`ALPN ${now.alpn ?? 'none'} instead of ${first?.alpn ?? 'none'}`);
  return changes.map((text) => `the new gateway ${where(now)}: ${text}`);
}

function identity({ subject, fingerprint }: TlsProbe): string {
  return `${subject ?? ''} (${fingerprint?.slice(0, 11) ?? 'no certificate'}…)`;
}

function where({ address, port }: TlsProbe): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function slowest(probes: readonly TlsProbe[]): number | undefined {
  const times = probes.flatMap(({ totalMs }) => totalMs ?? []);
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));
}
