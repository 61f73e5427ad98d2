/** The table of docs/troubleshooting.md, made of what the program prints. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explainHost, explanationText } from '../../../src/cli/translate/explain.ts';
import { isBadNews } from '../../../src/model/conditions.ts';
import { objectKey } from '../../../src/model/key.ts';
import type { Engine } from '../../../src/snapshot/engine/engine.ts';
import { configOf, play } from '../play.ts';
import { readScenario, SCENARIOS } from '../scenario.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'troubleshooting.md');
const BEGIN = '<!-- Written by "npm run golden". -->\n';
const END = '<!-- End. -->\n';

/** Of each broken route of the scenario: what is broken, its name, and the host that is asked for. */
export const BROKEN: readonly (readonly [what: string, route: string, host: string])[] = [
  ['no such Service', 'no-service', 'no-service.example.com'],
  ['a Service of another namespace, and no grant', 'no-grant', 'no-grant.example.com'],
  ['a grant that names group `core`', 'core-grant', 'core-grant.example.com'],
  ['a port that the Service does not have', 'wrong-port', 'wrong-port.example.com'],
  ['a Service without endpoints', 'no-endpoints', 'no-endpoints.example.com'],
  ['no endpoint is ready', 'unready', 'unready.example.com'],
  ['an endpoint that is refused', 'refused', 'refused.example.com'],
  ['a port name that is in no EndpointSlice', 'other-name', 'other-name.example.com'],
  ['a port that is UDP in the EndpointSlices', 'udp', 'udp.example.com'],
  ['weight 0', 'zero-weight', 'zero-weight.example.com'],
  ['a Service of type ExternalName', 'external', 'external.example.com'],
  ['a hostname that no listener takes', 'other-domain', 'other-domain.example.net'],
  ['a namespace that the listener does not allow', 'partner', 'api.partners.example.com'],
  ['a hostname that an older route has', 'taken', 'good.example.com'],
  ['an HTTPS and a TLS listener of one hostname', 'twin', 'twin.example.com'],
];

/** Names without a broken route. */
const HOSTS: readonly (readonly [what: string, host: string])[] = [
  ['the hostname of an HTTPS listener, below a wildcard', 'secure.wild.example.com'],
  ['a name below a wildcard and a more specific one', 'api.deep.wild.example.com'],
  ['a name that nobody has', 'goood.example.com'],
];

/** The page as it is, and as it should be. */
export async function troubleshootingPage(): Promise<{
  readonly present: string;
  readonly expected: string;
}> {
  const scenario = await readScenario(SCENARIOS, 'troubleshooting');
  const config = configOf(scenario);
  let table = '';
  for await (const { engine } of play(scenario)) {
    const operator = (host: string) => explanationText(explainHost(engine, host, config.gateway));
    table = [
      '| what is wrong | the tenant: the first condition that is not as it should be, and the Event | the operator: `sluice translate DIR --host NAME`, `/debug/routes?host=NAME` |',
      '| --- | --- | --- |',
      ...BROKEN.map(([what, route, host]) => row(what, firstBadNews(engine, route), operator(host))),
      ...HOSTS.map(([what, host]) => row(what, '', operator(host))),
      '',
    ].join('\n');
  }
  const present = await readFile(PAGE, 'utf8');
  const [head = '', rest = ''] = present.split(BEGIN);
  const [, tail = ''] = rest.split(END);
  return { present, expected: `${head}${BEGIN}\n${table}\n${END}${tail}` };
}

export async function rewriteTroubleshooting(): Promise<boolean> {
  const { present, expected } = await troubleshootingPage();
  if (present !== expected) await writeFile(PAGE, expected);
  return present !== expected;
}

function firstBadNews(engine: Engine, name: string): string {
  const statuses = engine.routeStatus(objectKey({ kind: 'TLSRoute', namespace: 'tenant', name }));
  const bad = statuses.flatMap(({ conditions }) => conditions).find(isBadNews);
  return bad === undefined ? '' : `\`${bad.type}\` ${bad.reason}: ${bad.message}`;
}

function row(what: string, tenant: string, operator: string): string {
  const lines = operator.split('\n').filter((line) => line !== '' && !line.startsWith('  cluster '));
  return `| ${[what, cell(tenant), lines.map(cell).join('<br>')].join(' | ')} |`;
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|').replaceAll('*.', '\\*.');
}
