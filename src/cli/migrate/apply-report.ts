import { counted, printable } from '../operator/render/text-table.ts';
import type { ApplyReport } from './apply.ts';
import { problemText } from './problem.ts';

/** Objects of which it is said one by one what kept them from being written. */
const MOST_TOLD = 100;

/** For people: what was not written and why, and how much was. */
export function applyText({ objects, ended }: ApplyReport): string {
  const bad = objects.flatMap(({ object, problem }) => (problem === undefined ? [] : [{ object, problem }]));
  const told = bad
    .slice(0, MOST_TOLD)
    .map(({ object, problem }) => `${object} was not written: ${problemText(problem)}`);
  if (bad.length > MOST_TOLD) told.push(`and ${counted(bad.length - MOST_TOLD, 'more object')} not written`);
  const count = (what: string): string =>
    `${objects.filter(({ written }) => written === what).length} ${what}`;
  const rest = objects.filter(({ written }) => written === undefined).length;
  const summary = `${counted(objects.length, 'object')}: ${['created', 'changed', 'unchanged'].map(count).join(', ')}, ${rest} not written`;
  const lines = [...told, ...(ended === undefined ? [] : [`ended: ${ended}`]), summary];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

export function isAllWritten({ objects, ended }: ApplyReport): boolean {
  return ended === undefined && objects.every(({ written }) => written !== undefined);
}
