import { Document, isMap, isScalar, isSeq, visit } from 'yaml';
import { type Outcome, outcomeOf } from '../../src/cli/translate/outcome.ts';
import { envoyResources } from '../../src/cli/translate/resources.ts';
import { evaluateGatewayClass } from '../../src/gateway/parents/gateway-class.ts';
import { gatewayStatus } from '../../src/gateway/status/status.ts';
import type { SourceProblem } from '../../src/model/events.ts';
import type { EngineConfig } from '../../src/snapshot/config.ts';
import type { Engine } from '../../src/snapshot/engine/engine.ts';
import type { Scenario } from './scenario.ts';

export interface GoldenSource {
  readonly scenario: Pick<Scenario, 'about'>;
  readonly engine: Engine;
  readonly config: EngineConfig;
  readonly problems: readonly SourceProblem[];
  /** Where the manifests are: its path is left out of what problems say. */
  readonly directory: string;
}

/** Everything that manifests become: what their owners are told, then what Envoys are sent. */
export function goldenText({ scenario, engine, config, problems, directory }: GoldenSource): string {
  const outcome = outcomeOf(engine, problems);
  const document = new Document(
    {
      accepted: outcome.accepted,
      problems: outcome.problems,
      gatewayClasses: gatewayClasses(engine, config),
      gateways: withAddresses(engine, outcome),
      ...(outcome.listenerSets.length > 0 && { listenerSets: outcome.listenerSets }),
      routes: outcome.routes,
      resources: envoyResources(engine.resources),
    },
    { aliasDuplicateObjects: false },
  );
  document.commentBefore = ` ${scenario.about.trim()}\n Written by "npm run golden"; read the difference before you commit it.`;
  // A condition is a line, so that a difference shows the whole of it.
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || key.value !== 'conditions' || !isSeq(value)) return;
      for (const item of value.items) if (isMap(item)) item.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 }).replaceAll(`${directory}/`, '');
}

function gatewayClasses(engine: Engine, config: EngineConfig) {
  return [...engine.world.all('GatewayClass')]
    .map((each) => ({
      gatewayClass: each.meta.name,
      // None: another controller's.
      conditions: evaluateGatewayClass(each, config.gateway)?.conditions ?? [],
    }))
    .sort((a, b) => (a.gatewayClass < b.gatewayClass ? -1 : 1));
}

function withAddresses(engine: Engine, { gateways }: Outcome) {
  return gateways.map(({ gateway, ...rest }) => {
    const [namespace = '', name = ''] = gateway.split('/');
    const model = engine.gateway(namespace, name);
    return { gateway, addresses: model && gatewayStatus(model, () => 0).addresses, ...rest };
  });
}
