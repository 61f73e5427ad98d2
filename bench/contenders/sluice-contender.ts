import { monotonicMs } from '../clock.ts';
import { deploy } from '../processes/deployment.ts';
import { usageOf } from '../processes/usage.ts';
import type { ScenarioOptions } from '../scenario.ts';
import { addressOf, type Manifest, route, service, slice } from '../world/manifests.ts';
import { startWorld } from '../world/start-world.ts';
import type { Contender } from './contender.ts';

/** Sluice and Envoy on the API server, in one of the modes of `--sni-mode`. */
export async function startSluice(
  routes: number,
  mode: 'index' | 'chain',
  options: ScenarioOptions,
): Promise<Contender> {
  await using started = new AsyncDisposableStack();
  const world = started.use(await startWorld(options, routes));
  // A change is measured once all is quiet, and writing 20,000 statuses takes minutes at the default rate.
  const flags = [...options.flags, '--sni-mode', mode, '--status-rate', '1'];
  const { sluice, envoy } = started.use(await deploy(world, { ...options, flags }));
  const timed = async (write: (object: Manifest) => Promise<number>, object: Manifest) => {
    const start = monotonicMs();
    await write(object);
    return start;
  };
  const stack = started.move();
  return {
    name: `Sluice, ${mode} mode`,
    proxyPids: () => [envoy.pid],
    proxyCpuMs: () => usageOf(envoy.pid).cpuMs,
    controlPids: () => [sluice.pid],
    add: async (index) => {
      await world.create(service(index));
      await world.create(slice(index));
      return await timed(world.create, route(index));
    },
    changeEndpoint: (index) => timed(world.replace, slice(index, addressOf(index, true))),
    remove: (index) => timed(world.remove, route(index)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
