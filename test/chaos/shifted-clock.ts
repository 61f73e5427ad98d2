/**
 * Loaded into a replica before its own code: a wall clock that is wrong by what a file says, and jumps when that is another. It is `Date`
 * alone: timers, and the validity of certificates, go by clocks that only a whole machine could have.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** How often the file is read at most. */
const READ_MS = 50;

const RealDate = Date;
let shiftMs = 0;
let readAt = Number.NEGATIVE_INFINITY;

function shift(): number {
  const file = process.env['SLUICE_CHAOS_CLOCK'];
  if (file === undefined || performance.now() - readAt < READ_MS) return shiftMs;
  readAt = performance.now();
  shiftMs = Number(readFileSync(file, 'utf8'));
  return shiftMs;
}

class ShiftedDate extends RealDate {
  constructor(...given: [] | [string | number | Date]) {
    super(...((given.length === 0 ? [ShiftedDate.now()] : given) as [number]));
  }

  static override now(): number {
    return RealDate.now() + shift();
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
