/**
 * Connections with made-up server names, so many a second, each name once; ends with its parent. Arguments: port, names a second.
 * Says how many it has sent when it is asked.
 */
import { connect } from 'node:net';
import process from 'node:process';
import { encodeClientHello } from '../harness/client-hello.ts';
import { DOMAIN } from '../harness/tenants.ts';

const TICK_MS = 5;
/** As a client that gives up: Envoy would let it wait for 2 s. */
const PATIENCE_MS = 1_000;
const MARK = 'made-up-00000000';

const [port = 0, perSecond = 0] = process.argv.slice(2).map(Number);
const hello = encodeClientHello({ serverName: `${MARK}.${DOMAIN}` });
const at = hello.indexOf(MARK);
const began = performance.now();
let sent = 0;

function flood(): void {
  const due = Math.floor(((performance.now() - began) * perSecond) / 1_000);
  // What could not be sent in time is not made up for.
  for (let burst = 0; sent < due && burst < perSecond / 20; burst += 1) {
    const bytes = Buffer.from(hello);
    bytes.write(String(sent).padStart(8, '0'), at + MARK.length - 8, 'latin1');
    sent += 1;
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.once('connect', () => socket.write(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.resume();
  }
}

setInterval(flood, TICK_MS);
process.on('message', () => process.send?.(sent));
process.on('disconnect', () => process.exit(0));
