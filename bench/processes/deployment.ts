import type { EnvoyProcess } from '../../test/harness/envoy-process.ts';
import { sampleHosts, untilAllServed } from '../clients/probe.ts';
import type { ScenarioOptions } from '../scenario.ts';
import { gateway } from '../world/manifests.ts';
import type { World } from '../world/world.ts';
import { startEnvoy } from './envoy.ts';
import { SluiceProcess, XDS_PORT } from './sluice.ts';

/** Sluice and an Envoy that serve every tenant. */
export interface Deployment extends AsyncDisposable {
  readonly sluice: SluiceProcess;
  readonly envoy: EnvoyProcess;
}

/** Creates the Gateway, which goes with the deployment, and resolves when the last host is served, and Envoy has been told of all. */
export async function deploy(world: World, options: ScenarioOptions): Promise<Deployment> {
  await using started = new AsyncDisposableStack();
  await world.create(gateway());
  started.defer(async () => void (await world.remove(gateway())));
  const sluice = started.use(await SluiceProcess.start({ world, ...options }));
  if (options.profile !== undefined) started.defer(() => sluice.stop());
  await sluice.untilReady();
  const envoy = started.use(await startEnvoy(XDS_PORT));
  await untilAllServed(sampleHosts(world.routes));
  // A host that is asked for is served before the rest has been told.
  await sluice.untilCurrent(1);
  const rest = started.move();
  return { sluice, envoy, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}
