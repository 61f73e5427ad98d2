/** What the page asks about one host. As in `shapes.ts`: types alone, and within v1 fields are added. */
import type { HostVerdict } from '../../operator/commands/host-verdict.ts';
import type { HostProbe } from '../../operator/probe/probe-host.ts';
import type { Answer } from './shapes.ts';

/** `/api/v1/verdict?host=NAME`: what `sluice explain` says, as far as this replica knows. */
export interface VerdictReport extends Answer<'VerdictReport'>, HostVerdict {
  /** Below the verdict, in words: who serves it and why, who else wanted it. */
  readonly lines: readonly string[];
}

/** `/api/v1/probe?host=NAME`: real handshakes, from this replica. */
export interface ProbeReport extends Answer<'ProbeReport'>, HostProbe {}
