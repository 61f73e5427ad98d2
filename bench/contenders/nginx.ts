import { existsSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hostOf } from '../../test/harness/tenants.ts';
import { monotonicMs } from '../clock.ts';
import { childrenOf } from '../processes/children.ts';
import { cpuOf } from '../processes/usage.ts';
import { addressOf, BACKEND_PORT, GATEWAY_PORT } from '../world/manifests.ts';
import type { Contender } from './contender.ts';
import { checkConfig, endedChildrenCpuMs, findProgram, Program, versionOf } from './program.ts';

/** Where distributions put the stream module, if it is not built in. */
const MODULES = [
  '/usr/lib/nginx/modules/ngx_stream_module.so',
  '/usr/lib64/nginx/modules/ngx_stream_module.so',
];

/** nginx with `ssl_preread` and a map of hosts; every change is a new file and a reload. */
export async function startNginx(routes: number): Promise<Contender | undefined> {
  const file = findProgram('nginx');
  if (file === undefined) return undefined;
  const directory = await mkdtemp(path.join(tmpdir(), 'nginx-'));
  const module = MODULES.find((candidate) => existsSync(candidate));
  const config = path.join(directory, 'nginx.conf');
  const hosts = new Map(Array.from({ length: routes }, (_, index) => [hostOf(index), addressOf(index)]));
  const mapFile = path.join(directory, 'hosts.map');
  const writeMap = async () => {
    const lines = [...hosts].map(([host, address]) => `${host} ${address}:${BACKEND_PORT};\n`);
    await writeFile(`${mapFile}.new`, lines.join(''));
    await rename(`${mapFile}.new`, mapFile);
  };
  await writeMap();
  await writeFile(
    config,
    `${module === undefined ? '' : `load_module ${module};`}
daemon off; worker_processes 2; pid ${directory}/pid; error_log ${directory}/error.log warn;
events { worker_connections 16384; }
stream {
  map_hash_max_size 524288; map_hash_bucket_size 128;
  map $ssl_preread_server_name $backend { include ${mapFile}; }
  server { listen ${GATEWAY_PORT} reuseport; ssl_preread on; proxy_pass $backend; proxy_timeout 24h; }
}
`,
  );
  checkConfig(file, ['-t', '-c', config, '-p', directory]);
  const master = new Program(file, ['-c', config, '-p', directory], path.join(directory, 'log'));
  const pids = () => [master.pid, ...childrenOf(master.pid)];
  const change = async (edit: () => void) => {
    const start = monotonicMs();
    edit();
    await writeMap();
    master.kill('SIGHUP');
    return start;
  };
  return {
    name: 'nginx stream, reload',
    version: versionOf(file),
    proxyPids: pids,
    proxyCpuMs: () => pids().reduce((sum, pid) => sum + cpuOf(pid), endedChildrenCpuMs(master.pid)),
    controlPids: () => [],
    add: (index) => change(() => hosts.set(hostOf(index), addressOf(index))),
    changeEndpoint: (index) => change(() => hosts.set(hostOf(index), addressOf(index, true))),
    remove: (index) => change(() => hosts.delete(hostOf(index))),
    [Symbol.asyncDispose]: () => master[Symbol.asyncDispose](),
  };
}
