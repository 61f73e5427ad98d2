import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';

/** Where a handshake ended. */
export type ProbeStage = 'connect' | 'before ClientHello' | 'after ClientHello' | 'done';

export interface TlsProbe {
  readonly address: string;
  readonly port: number;
  readonly stage: ProbeStage;
  /** Whether somebody answered with a certificate for the name. */
  readonly isGood: boolean;
  /** In words: what happened. */
  readonly outcome: string;
  readonly connectMs?: number;
  /** From the first packet to the certificate. */
  readonly totalMs?: number;
  readonly subject?: string;
  readonly issuer?: string;
  readonly daysLeft?: number;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint?: string;
  /** `TLSv1.3`. */
  readonly protocol?: string;
  /** What the server chose of those that were offered, `h2`; absent where it chose none. */
  readonly alpn?: string;
}

export interface TlsTarget {
  readonly address: string;
  readonly port: number;
  readonly servername: string;
  readonly timeoutMs: number;
  /** Protocols to offer; none unless given. */
  readonly alpn?: readonly string[];
}

const DAY_MS = 86_400_000;
/** Whoever refuses before a ClientHello does so at once: as long as the way there took, within these limits, in milliseconds. */
const PAUSE_MS = { least: 5, most: 100 };

/** One real handshake, as a client has it, whatever the certificate. Never rejects; takes at most `timeoutMs`. */
export function probeTls(target: TlsTarget): Promise<TlsProbe> {
  const { address, port, servername, timeoutMs, alpn = [] } = target;
  const startedAt = performance.now();
  const elapsed = (): number => Math.round((performance.now() - startedAt) * 10) / 10;
  return new Promise((resolve) => {
    const socket = connectTcp({ host: address, port });
    let stage: ProbeStage = 'connect';
    let connectMs: number | undefined;
    let timers: NodeJS.Timeout[] = [];
    const end = (result: Pick<TlsProbe, 'isGood' | 'outcome'> & Partial<TlsProbe>): void => {
      for (const timer of timers) clearTimeout(timer);
      timers = [];
      socket.destroy();
      resolve({ address, port, stage, ...(connectMs !== undefined && { connectMs }), ...result });
    };
    const failed = (error: NodeJS.ErrnoException): void => {
      // It was connected, or nobody could have reset it: that was told together with the end.
      if (stage === 'connect' && error.code === 'ECONNRESET') stage = 'before ClientHello';
      end({ isGood: false, outcome: failure(stage, error) });
    };
    timers.push(
      setTimeout(
        () => end({ isGood: false, outcome: `${SILENCE[stage]} within ${timeoutMs / 1000} s` }),
        timeoutMs,
      ),
    );
    const closed = (): void => end({ isGood: false, outcome: `closed ${stage}` });
    socket.on('error', failed).on('close', closed);
    socket.once('connect', () => {
      connectMs = elapsed();
      stage = 'before ClientHello';
      // Without a reader the end of the connection would not be seen.
      socket.resume();
      const pauseMs = Math.min(Math.max(connectMs, PAUSE_MS.least), PAUSE_MS.most);
      timers.push(
        setTimeout(() => {
          stage = 'after ClientHello';
          socket.pause();
          handshake(socket, servername, alpn, failed, (secured) => {
            stage = 'done';
            const totalMs = elapsed();
            end({ ...judged(secured.getPeerCertificate(), servername), ...agreed(secured), totalMs });
          });
        }, pauseMs),
      );
    });
  });
}

function handshake(
  socket: Socket,
  servername: string,
  alpn: readonly string[],
  onError: (error: NodeJS.ErrnoException) => void,
  onSecured: (secured: TLSSocket) => void,
): void {
  const ALPNProtocols = [...alpn];
  const secured = connectTls({
    socket,
    servername,
    rejectUnauthorized: false,
    ...(ALPNProtocols.length > 0 && { ALPNProtocols }),
  });
  secured.on('error', onError);
  secured.once('secureConnect', () => onSecured(secured));
}

/** What the two sides agreed on. */
function agreed(secured: TLSSocket): Pick<TlsProbe, 'protocol' | 'alpn'> {
  const protocol = secured.getProtocol();
  const { alpnProtocol } = secured;
  return {
    ...(protocol !== null && { protocol }),
    ...(typeof alpnProtocol === 'string' && { alpn: alpnProtocol }),
  };
}

const SILENCE: Readonly<Record<ProbeStage, string>> = {
  connect: 'no connection',
  'before ClientHello': 'nothing',
  'after ClientHello': 'connected, and no answer to the ClientHello',
  done: 'nothing',
};

function failure(stage: ProbeStage, { code = '', message }: NodeJS.ErrnoException): string {
  if (stage === 'connect') {
    if (code === 'ECONNREFUSED') return 'connection refused: nothing listens there';
    return `no connection: ${code === '' ? message : code}`;
  }
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return stage === 'before ClientHello'
      ? 'reset before the ClientHello: it takes no connections now'
      : 'closed after the ClientHello: it does not serve this name there';
  if (/tls|ssl/i.test(code)) return `no TLS: ${message.replace(/^.*?:SSL routines:[^:]*:/, '').trim()}`;
  return `${code === '' ? message : code} ${stage === 'before ClientHello' ? 'before' : 'after'} the ClientHello`;
}

/** Who answered, and whether the certificate is for the name: the authority is the tenant's own, and not judged. */
function judged(
  certificate: PeerCertificate,
  servername: string,
): Pick<TlsProbe, 'isGood' | 'outcome'> & Partial<TlsProbe> {
  if (certificate.valid_to === undefined) return { isGood: true, outcome: 'answered without a certificate' };
  const subject = nameOf(certificate.subject);
  const daysLeft = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / DAY_MS);
  const isOther = checkServerIdentity(servername, certificate) !== undefined;
  const names = certificate.subjectaltname?.replaceAll('DNS:', '').replaceAll('IP Address:', '') ?? subject;
  const outcome = isOther
    ? `answered with a certificate for another name: ${names}`
    : daysLeft < 0
      ? `answered with a certificate that expired ${-daysLeft} days ago`
      : 'answered';
  return {
    isGood: !isOther && daysLeft >= 0,
    outcome,
    subject,
    issuer: nameOf(certificate.issuer),
    daysLeft,
    fingerprint: certificate.fingerprint256,
  };
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const common = name?.CN ?? name?.O ?? '';
  return Array.isArray(common) ? common.join(', ') : common;
}
