import { type AdminPage, type AdminRequest, busyPage, jsonPage } from '../admin-server.ts';
import type { AdminParts } from './admin-parts.ts';
import { visibleReport } from './host-report.ts';
import type { HostReport } from './shapes.ts';
import type { ProbeReport, VerdictReport } from './verdict-shapes.ts';

/** Probes at a time, and how long each may take. */
const MOST_PROBES = 4;
const PROBE_MS = 3_000;

/** `/api/v1/verdict?host=NAME`: what `sluice explain` prints, as far as this replica knows. */
export async function verdictPage(
  parts: AdminParts,
  query: URLSearchParams,
  request: AdminRequest,
): Promise<AdminPage> {
  const found = await visibleReport(parts, query, request);
  return 'report' in found ? jsonPage(await verdictOn(parts, found.report)) : found.refused;
}

async function verdictOn(parts: AdminParts, report: HostReport): Promise<VerdictReport> {
  const { ownerLines } = await import('../../operator/commands/explain.ts');
  const { verdictOf } = await import('../../operator/commands/host-verdict.ts');
  const answer = { replica: report.replica.name, answer: report };
  const said = verdictOf({ answers: [answer], failures: [] });
  return {
    ...parts.answer('VerdictReport'),
    ...said,
    lines: [...said.notes, ...ownerLines(said.explanation).map((line) => line.trim())],
  };
}

let probes = 0;

/** `/api/v1/probe?host=NAME`: a handshake through each node and one with an endpoint, from here. For operators. */
export async function probePage(
  parts: AdminParts,
  query: URLSearchParams,
  request: AdminRequest,
): Promise<AdminPage> {
  if (probes >= MOST_PROBES) return busyPage(`${MOST_PROBES} probes are under way; try again in a moment`, 5);
  probes += 1;
  try {
    const found = await visibleReport(parts, query, request);
    if ('refused' in found) return found.refused;
    const { probeHost } = await import('../../operator/probe/probe-host.ts');
    const options = { addresses: [], timeoutMs: PROBE_MS, dnsServer: undefined };
    const probe = await probeHost(
      await verdictOn(parts, found.report),
      options,
      () => {},
      (_tone, text) => text,
    );
    return jsonPage({ ...parts.answer('ProbeReport'), ...probe } satisfies ProbeReport);
  } finally {
    probes -= 1;
  }
}
