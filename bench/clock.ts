import process from 'node:process';

/** Milliseconds of the system's monotonic clock: comparable between all processes of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
