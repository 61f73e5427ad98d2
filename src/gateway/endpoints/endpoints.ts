import { type Condition, condition, ENDPOINTS_CONDITION } from '../../model/conditions.ts';
import type { EndpointSlice, Service, SliceEndpoint } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import { DEFAULT_GATEWAY_CONFIG } from '../config.ts';
import { isPort } from '../parents/bindings.ts';
import { append, NONE } from '../values/append.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { listing } from '../values/listing.ts';
import { compareText } from '../values/order.ts';
import { addressRefusal } from './address-refusal.ts';

export interface Endpoint {
  /** Canonical, without brackets. */
  readonly address: string;
  readonly port: number;
}

/** An endpoint that is refused, with the reason for a condition's message. */
export interface RefusedEndpoint {
  readonly address: string;
  readonly reason: string;
}

/** To which endpoints of a host Envoy is not sent. */
export interface EndpointNews {
  readonly refused: readonly RefusedEndpoint[];
  /** How many endpoints of each Service are used, where one has more; `undefined` where none has. */
  readonly limit: number | undefined;
}

/** Where the connections to a Service's port go, and what was refused on the way. */
export interface EndpointResolution {
  /** Sorted, each once. */
  readonly endpoints: readonly Endpoint[];
  /** Sorted, each once, `MAX_REFUSED` of them at most. */
  readonly refused: readonly RefusedEndpoint[];
}

/**
 * Endpoints of a Service that are looked at, those of its first slices by name: more than a cluster may have nodes. A tenant may
 * write any number of slices, and each change of one looks at all of them at once.
 */
export const MAX_ENDPOINTS = 5_000;
/** Refused endpoints of which a route's owner is told. */
export const MAX_REFUSED = 100;

export type EndpointConfig = Pick<GatewayConfig, 'allowLoopbackEndpoints'> & {
  /**
   * Whether an address and port is one that the gateway nodes themselves listen on. A connection there would come back
   * as a new one for the same host, and again, until every limit is reached.
   */
  readonly isOwn?: (address: string, port: number) => boolean;
  /** Whether the operator denies the address. */
  readonly isDenied?: ((address: IpAddress) => boolean) | undefined;
};

type Family = 'IPv4' | 'IPv6';

/**
 * The endpoints of a Service's port as kube-proxy would choose them: those that are ready; if there are none, those
 * that still serve while they terminate. A slice's port is found by the name of the Service's port.
 *
 * A Service of two families has a virtual IP of each, and kube-proxy keeps them apart. We have no virtual IP:
 * the Service's first family is used, and the other where that has nothing.
 *
 * A tenant may write slices by hand, and Envoy runs in the node's own network: an endpoint on loopback would be
 * Envoy's admin interface, one on a link-local address the cloud's metadata service. The API server refuses
 * those; a directory of manifests has no API server, so they are refused here.
 */
export function resolveEndpoints(
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  port: number,
  config: EndpointConfig = DEFAULT_GATEWAY_CONFIG,
): EndpointResolution {
  const servicePort = service?.ports.find((entry) => entry.port === port && entry.protocol === 'TCP');
  if (service === undefined || servicePort === undefined || service.type === 'ExternalName') {
    return { endpoints: [], refused: [] };
  }
  const refused = new Map<string, RefusedEndpoint>();
  /** The first that has any is chosen: ready of the first family, of the other, leaving of the first, of the other. */
  const found: (readonly Endpoint[])[] = [NONE, NONE, NONE, NONE];
  const first = service.ipFamilies[0] === 'IPv6' ? 'IPv6' : 'IPv4';
  let looked = 0;
  for (const slice of inOrder(slices)) {
    if (slice.addressType !== 'IPv4' && slice.addressType !== 'IPv6') continue;
    const slicePort = slice.ports.find(
      (entry) => entry.name === servicePort.name && entry.protocol === 'TCP',
    )?.port;
    if (slicePort === undefined || !isPort(slicePort)) continue;
    const rank = slice.addressType === first ? 0 : 1;
    for (const endpoint of slice.endpoints) {
      const isReady = endpoint.ready || service.publishNotReadyAddresses;
      if (!isReady && !(endpoint.serving && endpoint.terminating)) continue;
      looked += 1;
      if (looked > MAX_ENDPOINTS) break;
      const address = usableAddress(endpoint, slicePort, slice.addressType, config, refused);
      if (address === undefined) continue;
      const preference = isReady ? rank : 2 + rank;
      found[preference] = append(found[preference] ?? NONE, { address, port: slicePort });
    }
  }
  return {
    endpoints: sortedOnce(found.find(({ length }) => length > 0) ?? NONE),
    refused:
      refused.size === 0
        ? NONE
        : [...refused.values()].sort((a, b) => compareText(a.address, b.address)).slice(0, MAX_REFUSED),
  };
}

function sortedOnce(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (endpoints.length < 2) return endpoints;
  return endpoints.toSorted(compareEndpoints).filter((endpoint, index, all) => {
    const before = all[index - 1];
    return before === undefined || compareEndpoints(before, endpoint) !== 0;
  });
}

/** Which endpoints are looked at does not depend on the order in which slices came. */
function inOrder(slices: readonly EndpointSlice[]): readonly EndpointSlice[] {
  return slices.length < 2 ? slices : slices.toSorted((a, b) => compareText(a.meta.name, b.meta.name));
}

export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareText(a.address, b.address) || a.port - b.port;
}

/** What a route's owner is told of endpoints that are not used; `undefined` where there are none. */
export function endpointsCondition(
  { refused, limit }: EndpointNews,
  generation: number,
): Condition | undefined {
  if (refused.length === 0 && limit === undefined) return undefined;
  const sentences: string[] = [];
  if (refused.length > 0) {
    const entries = refused.map(({ address, reason }) => `${JSON.stringify(address)} (${reason})`);
    sentences.push(`Not connected to: ${listing(entries)}.`);
  }
  if (limit !== undefined) {
    sentences.push(
      `Of a Service with more endpoints than ${limit}, each host uses ${limit}, as the budget of the namespace has it.`,
    );
  }
  const reason = refused.length > 0 ? 'AddressRefused' : 'Limited';
  return condition(ENDPOINTS_CONDITION, false, reason, sentences.join(' '), generation);
}

/** Of an endpoint's addresses only the first counts: all are the same endpoint, and kube-proxy uses no other. */
function usableAddress(
  endpoint: SliceEndpoint,
  port: number,
  family: Family,
  config: EndpointConfig,
  refused: Map<string, RefusedEndpoint>,
): string | undefined {
  const written = endpoint.addresses[0];
  if (written === undefined) return undefined;
  const refuse = (reason: string) => {
    refused.set(written, { address: written, reason });
    return undefined;
  };
  const address = parseIpAddress(written);
  if (address === undefined || address.family !== family) return refuse(`not an ${family} address`);
  if (config.isOwn?.(address.text, port) === true) return refuse('the gateway itself');
  const reason = addressRefusal(address, config);
  return reason === undefined ? address.text : refuse(reason);
}
