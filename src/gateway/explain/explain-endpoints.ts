import type { ServiceTarget } from '../../model/gateway.ts';
import type { EndpointSlice, Service } from '../../model/objects.ts';
import type { EndpointConfig } from '../endpoints/endpoints.ts';
import { resolveEndpoints } from '../endpoints/endpoints.ts';
import { listing } from '../values/listing.ts';
import { compareText } from '../values/order.ts';

/** How many endpoints a Service's port has that connections are sent to, and why, where there are none. */
export interface ExplainedEndpoints {
  readonly count: number;
  /** Part of a sentence; `undefined` where there are any. */
  readonly reason: string | undefined;
}

/** For people: what `resolveEndpoints` makes of a Service's slices. */
export function explainEndpoints(
  target: ServiceTarget,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  config: EndpointConfig,
): ExplainedEndpoints {
  const { endpoints, refused } = resolveEndpoints(service, slices, target.port, config);
  if (endpoints.length > 0) return { count: endpoints.length, reason: undefined };
  const name = `Service ${target.namespace}/${target.service}`;
  const none = (reason: string): ExplainedEndpoints => ({ count: 0, reason });
  const port = service?.ports.find((entry) => entry.port === target.port && entry.protocol === 'TCP');
  if (service === undefined || port === undefined) return none(`${name} has no port ${target.port}`);
  if (slices.length === 0) return none(`no EndpointSlice of ${name}`);
  const ofIp = slices.filter(({ addressType }) => addressType !== 'FQDN');
  if (ofIp.length === 0)
    return none(`the EndpointSlices of ${name} have addressType FQDN, only IPv4 and IPv6 are connected to`);
  const withPort = ofIp.filter(({ ports }) =>
    ports.some((entry) => entry.name === port.name && entry.protocol === 'TCP' && entry.port !== undefined),
  );
  if (withPort.length === 0)
    return none(`${portName(port.name)} of ${name} is in no EndpointSlice${portsOf(ofIp)}`);
  if (refused.length > 0) {
    const entries = refused.map(({ address, reason }) => `${JSON.stringify(address)} (${reason})`);
    const loopback = refused.some(({ reason }) => reason.includes('loopback'));
    const see = loopback ? ', see --allow-loopback-endpoints' : '';
    return none(`every usable address of ${name} is refused: ${listing(entries)}${see}`);
  }
  const all = withPort.reduce((sum, slice) => sum + slice.endpoints.length, 0);
  return none(
    all === 0
      ? `the EndpointSlices of ${name} list no endpoint`
      : `none of ${all} endpoints of ${name} is ready`,
  );
}

function portName(name: string): string {
  return name === '' ? 'the unnamed port' : `port ${listing([name])}`;
}

function portsOf(slices: readonly EndpointSlice[]): string {
  const names = new Set(
    slices.flatMap(({ ports }) => ports.map(({ name }) => (name === '' ? '(unnamed)' : name))),
  );
  return names.size === 0 ? ', they have no ports' : `, they have: ${listing([...names].sort(compareText))}`;
}
