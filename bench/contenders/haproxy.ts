import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hostOf } from '../../test/harness/tenants.ts';
import { monotonicMs } from '../clock.ts';
import { cpuOf } from '../processes/usage.ts';
import { addressOf, BACKEND_PORT, GATEWAY_PORT } from '../world/manifests.ts';
import type { Contender } from './contender.ts';
import { checkConfig, findProgram, Program, versionOf } from './program.ts';

/** HAProxy with a map from host to address, changed through its runtime API: no reload, and no Kubernetes. */
export async function startHaproxy(routes: number): Promise<Contender | undefined> {
  const file = findProgram('haproxy');
  if (file === undefined) return undefined;
  const directory = await mkdtemp(path.join(tmpdir(), 'haproxy-'));
  const socketPath = path.join(directory, 'admin.sock');
  const mapFile = path.join(directory, 'hosts.map');
  const lines = Array.from({ length: routes }, (_, index) => `${hostOf(index)} ${addressOf(index)}\n`);
  await writeFile(mapFile, lines.join(''));
  const config = path.join(directory, 'haproxy.cfg');
  await writeFile(
    config,
    `global
  stats socket ${socketPath} level admin
  nbthread 2
  maxconn 8192
defaults
  mode tcp
  timeout connect 5s
  timeout client 24h
  timeout server 24h
frontend public
  bind 0.0.0.0:${GATEWAY_PORT}
  tcp-request inspect-delay 5s
  tcp-request content set-var(sess.backend) req.ssl_sni,lower,map_str_ip(${mapFile}) if { req.ssl_hello_type 1 }
  tcp-request content reject if { req.ssl_hello_type 1 } !{ var(sess.backend) -m found }
  tcp-request content set-dst var(sess.backend) if { req.ssl_hello_type 1 }
  tcp-request content accept if { req.ssl_hello_type 1 }
  default_backend tenants
backend tenants
  server any 0.0.0.0:${BACKEND_PORT}
`,
  );
  checkConfig(file, ['-c', '-f', config]);
  const program = new Program(file, ['-db', '-f', config], path.join(directory, 'log'));
  const command = async (text: string) => {
    const start = monotonicMs();
    const socket = connect(socketPath);
    socket.end(`${text}\n`);
    socket.resume();
    await once(socket, 'close');
    return start;
  };
  return {
    name: 'HAProxy, map over its runtime API',
    version: versionOf(file),
    proxyPids: () => [program.pid],
    proxyCpuMs: () => cpuOf(program.pid),
    controlPids: () => [],
    add: (index) => command(`add map ${mapFile} ${hostOf(index)} ${addressOf(index)}`),
    changeEndpoint: (index) => command(`set map ${mapFile} ${hostOf(index)} ${addressOf(index, true)}`),
    remove: (index) => command(`del map ${mapFile} ${hostOf(index)}`),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
