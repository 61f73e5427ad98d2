import { connect } from 'node:tls';
import { monotonicMs } from '../clock.ts';
import { GATEWAY_PORT } from '../world/manifests.ts';

/** Time of a whole TLS handshake through Envoy, TCP connect included. Rejects where there is none. */
export async function tlsHandshakeMs(host: string, port = GATEWAY_PORT): Promise<number> {
  const start = monotonicMs();
  const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return monotonicMs() - start;
  } finally {
    socket.destroy();
  }
}
