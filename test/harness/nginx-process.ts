import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Nginx } from '../../scripts/assets/nginx-asset.ts';
import { type GuardedProcess, startGuarded } from './kubernetes/guarded-process.ts';

export interface NginxOptions {
  /** `192.0.2.10:443` */
  readonly listen: string;
  /** Where the connections of each host go: `10.0.0.1:6443`. */
  readonly backends: Readonly<Record<string, string>>;
  /** For its configuration and what it writes. */
  readonly directory: string;
}

/** A real nginx that passes TLS through by the server name, as a gateway did. It takes connections once it is asked for one. */
export async function startNginx(
  { program, streamModule }: Nginx,
  { listen, backends, directory }: NginxOptions,
): Promise<GuardedProcess> {
  const config = path.join(directory, 'nginx.conf');
  const hosts = Object.entries(backends).map(([host, backend]) => `    ${host} ${backend};\n`);
  await writeFile(
    config,
    `load_module ${streamModule};
daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/error.log warn;
events { worker_connections 1024; }
stream {
  map $ssl_preread_server_name $backend {
${hosts.join('')}  }
  server { listen ${listen}; ssl_preread on; proxy_pass $backend; }
}
`,
  );
  return await startGuarded('nginx', program, ['-c', config, '-p', directory], directory);
}
