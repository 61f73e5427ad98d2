import type { ServiceTarget } from '../../model/gateway.ts';
import type { EndpointSlice, Service, ServicePort } from '../../model/objects.ts';
import { type EndpointConfig, type EndpointResolution, resolveEndpoints } from '../endpoints/endpoints.ts';
import { isPort } from '../parents/bindings.ts';
import { listing } from '../values/listing.ts';
import { compareText } from '../values/order.ts';

/** Why a Service's port has no endpoint that connections are sent to. */
export interface EndpointsProblem {
  /** The reason of a condition. */
  readonly reason:
    | 'BackendNotFound'
    | 'UnsupportedValue'
    | 'NoEndpoints'
    | 'PortNotFound'
    | 'EndpointsRefused'
    | 'EndpointsNotReady';
  /** Part of a sentence. */
  readonly text: string;
}

/** How many endpoints a Service's port has that connections are sent to, and why, where there are none. */
export interface ExplainedEndpoints {
  readonly count: number;
  /** `undefined` where there are any. */
  readonly problem: EndpointsProblem | undefined;
  /** What an operator should know though there are some; part of a sentence. */
  readonly note: string | undefined;
}

/** An EndpointSlice holds no more; of Endpoints with more addresses Kubernetes mirrors so many and drops the rest. */
const FULL_SLICE = 1_000;

/** For people: what `resolveEndpoints` makes of a Service's slices. */
export function explainEndpoints(
  target: ServiceTarget,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  config: EndpointConfig,
): ExplainedEndpoints {
  const resolved = resolveEndpoints(service, slices, target.port, config);
  const count = resolved.endpoints.length;
  const problem = count > 0 ? undefined : endpointsProblem(target, service, slices, resolved);
  return { count, problem, note: capacityNote(target, slices) };
}

function capacityNote(
  { namespace, service }: ServiceTarget,
  slices: readonly EndpointSlice[],
): string | undefined {
  const full = slices.find(({ endpoints }) => endpoints.length >= FULL_SLICE);
  if (full === undefined) return undefined;
  return `EndpointSlice ${namespace}/${full.meta.name} of Service ${service} has ${full.endpoints.length} endpoints, as many as one can have: where it mirrors an Endpoints object with more, Kubernetes drops the rest; write EndpointSlices instead`;
}

/** Why nothing came of `resolveEndpoints`: the first thing that is missing on the way from the Service to an address. */
export function endpointsProblem(
  target: ServiceTarget,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  { refused }: EndpointResolution,
): EndpointsProblem {
  const name = `Service ${target.namespace}/${target.service}`;
  if (service === undefined) return { reason: 'BackendNotFound', text: `${name} does not exist` };
  if (service.type === 'ExternalName')
    return { reason: 'UnsupportedValue', text: `${name} is of type ExternalName, which is not supported` };
  const port = service.ports.find((entry) => entry.port === target.port && entry.protocol === 'TCP');
  if (port === undefined)
    return { reason: 'BackendNotFound', text: `${name} has no TCP port ${target.port}` };
  if (slices.length === 0) return { reason: 'NoEndpoints', text: `no EndpointSlice of ${name}` };
  const ofIp = slices.filter(({ addressType }) => addressType !== 'FQDN');
  if (ofIp.length === 0) {
    const text = `the EndpointSlices of ${name} have addressType FQDN, only IPv4 and IPv6 are connected to`;
    return { reason: 'NoEndpoints', text };
  }
  const withPort = ofIp.filter(({ ports }) =>
    ports.some((entry) => isOfName(entry, port) && entry.protocol === 'TCP' && isNumbered(entry)),
  );
  if (withPort.length === 0) return { reason: 'PortNotFound', text: missingPort(name, port, ofIp) };
  if (refused.length > 0) {
    const entries = refused.map(({ address, reason }) => `${JSON.stringify(address)} (${reason})`);
    const loopback = refused.some(({ reason }) => reason.includes('loopback'));
    const see = loopback ? ', see --allow-loopback-endpoints' : '';
    const text = `every usable address of ${name} is refused: ${listing(entries)}${see}`;
    return { reason: 'EndpointsRefused', text };
  }
  const all = withPort.reduce((sum, slice) => sum + slice.endpoints.length, 0);
  return all === 0
    ? { reason: 'NoEndpoints', text: `the EndpointSlices of ${name} list no endpoint` }
    : { reason: 'EndpointsNotReady', text: `none of ${all} endpoints of ${name} is ready` };
}

type SlicePort = EndpointSlice['ports'][number];

function isOfName(entry: SlicePort, port: ServicePort): boolean {
  return entry.name === port.name;
}

function isNumbered({ port }: SlicePort): boolean {
  return port !== undefined && isPort(port);
}

/** A port of the right name that is of no use must not be told as one that is not there. */
function missingPort(service: string, port: ServicePort, slices: readonly EndpointSlice[]): string {
  const name = `${portName(port.name)} of ${service}`;
  const same = slices.flatMap(({ ports }) => ports.filter((entry) => isOfName(entry, port)));
  const [tcp] = same.filter(({ protocol }) => protocol === 'TCP');
  if (tcp !== undefined) {
    return tcp.port === undefined
      ? `${name} has no number in its EndpointSlices, which must give one`
      : `${name} has the number ${tcp.port} in its EndpointSlices, which is not between 1 and 65535`;
  }
  const [other] = same;
  if (other !== undefined) return `${name} is ${listing([other.protocol])} in its EndpointSlices and not TCP`;
  return `${name} is in no EndpointSlice${portsOf(slices)}`;
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
