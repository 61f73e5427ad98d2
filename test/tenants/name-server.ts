/** A name server of a test: A records that the test sets, over UDP. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const A = 1;
const SERVFAIL = 2;
const NXDOMAIN = 3;

export class NameServer implements AsyncDisposable {
  /** Addresses by name; a name that is not there does not exist. */
  readonly records = new Map<string, readonly string[]>();
  /** Whether it fails on every question. */
  isFailing = false;
  questions = 0;
  readonly #socket: Socket;

  static async start(): Promise<NameServer> {
    const server = new NameServer(createSocket('udp4'));
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, { address, port }) => {
      socket.send(this.#answer(message), port, address);
    });
  }

  /** For `--dns-server`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #answer(message: Buffer): Buffer {
    this.questions += 1;
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const question = message.subarray(12, at + 5);
    const type = message.readUInt16BE(at + 1);
    const addresses = this.records.get(labels.join('.').toLowerCase());
    const code = this.isFailing ? SERVFAIL : addresses === undefined ? NXDOMAIN : 0;
    const answers = code === 0 && type === A ? (addresses ?? []) : [];
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, question, ...answers.map(record)]);
  }
}

/** Of the name in the question, for a second. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc00c, 0);
  bytes.writeUInt16BE(A, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(1, 6);
  bytes.writeUInt16BE(4, 10);
  for (const [index, part] of address.split('.').entries()) bytes[12 + index] = Number(part);
  return bytes;
}
