import type { HostVerdict } from '../commands/host-verdict.ts';
import type { ExplainConfig } from '../operator-flags.ts';
import type { Paint } from '../render/paint.ts';
import { printable } from '../render/text-table.ts';
import { type PublicNames, publicNames } from './public-names.ts';
import { probeTls, type TlsProbe } from './tls-probe.ts';

/** A handshake, and with whom it was tried. */
export interface NamedProbe extends TlsProbe {
  /** Name of a node, `gateway` for an address of no node, or `endpoint`. */
  readonly via: string;
}

export interface HostProbe {
  readonly isGood: boolean;
  readonly handshakes: readonly NamedProbe[];
  readonly dns: PublicNames;
}

const HTTPS_PORT = 443;

interface Target {
  readonly via: string;
  readonly address: string;
  readonly port: number;
}

/** All at once, each within the time limit; `told` hears of each as soon as it is known. */
export async function probeHost(
  verdict: HostVerdict,
  { addresses, timeoutMs, dnsServer }: Pick<ExplainConfig, 'addresses' | 'timeoutMs' | 'dnsServer'>,
  told: (line: string) => void,
  paint: Paint,
): Promise<HostProbe> {
  const { host, gatewayAddresses } = verdict;
  const targets = targetsOf(verdict, addresses);
  if (!targets.some(({ via }) => via !== 'endpoint'))
    told(`  ${paint('odd', 'no address of a gateway node is known: name one with --address')}\n`);
  const handshakes = targets.map(async ({ via, address, port }) => {
    const probe = { via, ...(await probeTls({ address, port, servername: host, timeoutMs })) };
    told(probeLine(probe, paint));
    return probe;
  });
  const names = publicNames(host, addresses.length > 0 ? addresses : gatewayAddresses, {
    timeoutMs,
    server: dnsServer,
  }).then((dns) => {
    told(`  ${paint(dns.isGood ? 'good' : 'odd', printable(dns.outcome))}\n`);
    return dns;
  });
  const done = await Promise.all(handshakes);
  return {
    // An endpoint may well be out of reach from here, and DNS of no concern: what counts are the nodes.
    isGood:
      done.some(({ via }) => via !== 'endpoint') &&
      done.every(({ via, isGood }) => isGood || via === 'endpoint'),
    handshakes: done,
    dns: await names,
  };
}

function targetsOf(
  { nodes, listeners, explanation, gatewayAddresses }: HostVerdict,
  given: readonly string[],
): readonly Target[] {
  const port = listeners[0]?.port ?? HTTPS_PORT;
  const ofNodes = nodes.flatMap(({ node, addresses }) =>
    addresses.map((address) => ({ via: node, address })),
  );
  const known = new Set(ofNodes.map(({ address }) => address));
  // Of a Gateway with addresses of its own, those: the nodes' are not listened on.
  const isOwn = gatewayAddresses.some((address) => !known.has(address));
  const gateway = gatewayAddresses.map((address) => ({ via: 'gateway', address }));
  const chosen =
    given.length > 0 ? given.map((address) => ({ via: 'gateway', address })) : isOwn ? gateway : ofNodes;
  const named = chosen.map((each) => ({
    ...each,
    via: ofNodes.find(({ address }) => address === each.address)?.via ?? each.via,
    port,
  }));
  const [endpoint] = explanation.served.flatMap(({ endpoints }) => endpoints);
  return endpoint === undefined ? named : [...named, { via: 'endpoint', ...endpoint }];
}

function probeLine(probe: NamedProbe, paint: Paint): string {
  const { via, address, port, isGood, outcome, totalMs, subject, issuer, daysLeft } = probe;
  const where = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const who =
    subject === undefined ? '' : `: subject ${subject}, issuer ${issuer ?? ''}, ${daysLeft ?? 0} days left`;
  const took = totalMs === undefined ? '' : `, in ${totalMs} ms`;
  return `  ${printable(via)} ${where}: ${paint(isGood ? 'good' : 'bad', printable(`${outcome}${took}${who}`))}\n`;
}
