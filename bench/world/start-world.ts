import { requireMemory } from '../machine.ts';
import type { ScenarioOptions } from '../scenario.ts';
import { directoryWorld } from './directory-world.ts';
import { kubernetesWorld } from './kubernetes-world.ts';
import type { World } from './world.ts';

/** Sluice, Envoy, and the API server where there is one; measured with room to spare. */
const BASE_MB = { directory: 500, kubernetes: 1_500 };
const MB_PER_ROUTE = { directory: 0.06, kubernetes: 0.12 };

/** N tenants without a Gateway. Throws `Unavailable` where memory is short. */
export async function startWorld({ source, progress }: ScenarioOptions, routes: number): Promise<World> {
  requireMemory(BASE_MB[source] + routes * MB_PER_ROUTE[source]);
  return source === 'directory' ? await directoryWorld(routes) : await kubernetesWorld(routes, progress);
}
