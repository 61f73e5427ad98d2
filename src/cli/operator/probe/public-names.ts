import { Resolver } from 'node:dns/promises';

/** What a name server answers for a host, beside the addresses of the gateway. */
export interface PublicNames {
  readonly addresses: readonly string[];
  readonly isGood: boolean;
  /** In words. */
  readonly outcome: string;
}

/** Never rejects; takes at most `timeoutMs`. */
export async function publicNames(
  host: string,
  gatewayAddresses: readonly string[],
  { timeoutMs, server }: { readonly timeoutMs: number; readonly server: string | undefined },
): Promise<PublicNames> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  const late = setTimeout(() => resolver.cancel(), timeoutMs);
  try {
    if (server !== undefined) resolver.setServers([server]);
    const asked = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = asked.flatMap((each) => (each.status === 'fulfilled' ? each.value : [])).sort();
    if (addresses.length > 0) return judged(addresses, gatewayAddresses);
    const codes = asked.flatMap((each) =>
      each.status === 'rejected' ? [(each.reason as NodeJS.ErrnoException).code ?? String(each.reason)] : [],
    );
    const isUnknown = codes.some((code) => code === 'ENOTFOUND' || code === 'ENODATA');
    const outcome = isUnknown ? 'DNS has no address for the name' : `DNS cannot be asked: ${codes[0] ?? ''}`;
    return { addresses: [], isGood: false, outcome };
  } finally {
    clearTimeout(late);
  }
}

function judged(addresses: readonly string[], gateway: readonly string[]): PublicNames {
  const shown = addresses.join(', ');
  const strangers = addresses.filter((address) => !gateway.includes(address));
  const absent = gateway.filter((address) => !addresses.includes(address));
  if (gateway.length === 0)
    return {
      addresses,
      isGood: true,
      outcome: `DNS answers ${shown}; the gateway's addresses are not known`,
    };
  if (strangers.length > 0)
    return {
      addresses,
      isGood: false,
      outcome: `DNS answers ${shown}; no address of the gateway: ${strangers.join(', ')} (it has ${gateway.join(', ')})`,
    };
  const without = absent.length === 0 ? ', all of the gateway' : `; not in DNS: ${absent.join(', ')}`;
  return { addresses, isGood: true, outcome: `DNS answers ${shown}${without}` };
}
