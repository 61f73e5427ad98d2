/** What a process has used, from Linux' /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** Of all threads that still run, since they began. */
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
}

/** Throws if the process has ended. */
export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: cpuOf(pid),
    rssMb: kilobytes(status, 'VmRSS') / 1e3,
    peakRssMb: kilobytes(status, 'VmHWM') / 1e3,
  };
}

/** Nanoseconds on the CPU are the first field of a thread's schedstat; `stat` knows only hundredths of a second. */
export function cpuOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that has just ended.
    }
  }
  return nanoseconds / 1e6;
}

/** Kibibytes in the file; kilobytes here. */
function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1.024;
}
