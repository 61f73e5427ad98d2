import type { Finding, Matters } from '../../migrate/old-route.ts';
import type { Plan } from '../../migrate/plan.ts';
import { counted, printable, textTable } from '../operator/render/text-table.ts';
import { type Problem, problemText } from './problem.ts';

const plain = (_: unknown, text: string): string => text;

/** Objects that one line of the report names. */
const MOST_NAMED = 3;
/** Hosts that are listed; the rest is counted. */
const MOST_HOSTS = 50;

const WEIGHT: Readonly<Record<Matters, string>> = {
  much: 'matters much',
  some: 'matters in some cases',
  no: 'does not matter',
};

const MATTERS: readonly Matters[] = ['much', 'some', 'no'];

/** What a migration says of all objects together: what is told of many is told once. */
export interface GroupedFinding extends Omit<Finding, 'object'> {
  readonly objects: readonly string[];
}

/** What matters most comes first. */
export function grouped(findings: readonly Finding[]): readonly GroupedFinding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    // Of one kind: the first rule of one object and the second of another.
    const field = finding.field
      .replace(/\[\d+\]/g, '[]')
      .replace(/^((?:backend of |paths of )?host|backend) .*$/, '$1');
    const key = `${MATTERS.indexOf(finding.matters)}\n${finding.fate}\n${field}\n${finding.text}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      if (first === undefined) return [];
      const { fate, matters, text } = first;
      const field = group.length === 1 ? first.field : first.field.replace(/\[\d+\]/g, '[]');
      return [{ field, fate, matters, text, objects: [...new Set(group.map(({ object }) => object))] }];
    });
}

/** For people: hosts, what becomes of annotations and fields, and a summary. */
export function planTable({ hosts, findings, manifests, stale }: Plan, problems: readonly Problem[]): string {
  const shown = hosts.length > MOST_HOSTS ? hosts.slice(0, MOST_HOSTS) : hosts;
  const table = textTable(
    ['HOST', 'FROM', 'CONTROLLER', 'ROUTE', 'BACKENDS'],
    shown.map(({ host, from, controller, route, backends }) => [
      host,
      from,
      controller,
      route === undefined ? 'none' : route,
      backends.join(', '),
    ]),
    plain,
  );
  const more =
    hosts.length > shown.length ? `and ${counted(hosts.length - shown.length, 'more host')}\n` : '';
  const told = grouped(findings).map(({ matters, fate, field, text, objects }) => {
    return `${fate}, ${WEIGHT[matters]}: ${printable(field)} of ${named(objects)}\n  ${printable(text)}\n`;
  });
  const routes = manifests.filter(({ kind }) => kind === 'TLSRoute').length;
  const without = hosts.filter(({ route }) => route === undefined).length;
  const much = findings.filter(({ matters }) => matters === 'much').length;
  const summary = [
    counted(hosts.length, 'host'),
    counted(routes, 'TLSRoute'),
    ...(without === 0 ? [] : [`${counted(without, 'host')} without a route`]),
    much === 0
      ? 'nothing that matters much'
      : `${counted(much, 'finding')} that ${much === 1 ? 'matters' : 'matter'} much`,
  ].join(', ');
  const gone =
    stale.length === 0
      ? ''
      : `${named(stale)}: made by an earlier run, and of no old object any more; delete what is not needed\n`;
  const sections = [
    `${table}${more}`,
    told.join(''),
    [...problems.map((each) => `${printable(problemText(each))}\n`), gone].join(''),
    `${summary}\n`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function named(objects: readonly string[]): string {
  const some = objects.slice(0, MOST_NAMED).map(printable).join(', ');
  return objects.length > MOST_NAMED ? `${some} and ${objects.length - MOST_NAMED} more` : some;
}
