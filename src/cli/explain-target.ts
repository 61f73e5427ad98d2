import type { GatewayConfig } from '../gateway/config.ts';
import { type ExplainedEndpoints, explainEndpoints } from '../gateway/explain/explain-endpoints.ts';
import type { ServiceTarget } from '../model/gateway.ts';
import type { Engine } from '../snapshot/engine/engine.ts';

/** How many endpoints of a Service's port are connected to as the world is now, or why none. */
export function explainTarget(
  { world }: Engine,
  target: ServiceTarget,
  config: GatewayConfig,
): ExplainedEndpoints {
  const { namespace, service } = target;
  return explainEndpoints(
    target,
    world.get('Service', namespace, service),
    world.slices(namespace, service),
    config,
  );
}
