import { distance } from 'fastest-levenshtein';
import { INGRESS_CLASS_ANNOTATION } from '../../model/names.ts';
import type { Gateway, GatewayClass, Ingress, IngressClass } from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import type { Lookup } from '../lookup.ts';
import { isOurGatewayClass, isOurIngress } from '../parents/gateway-class.ts';
import { asksForPassthrough } from '../routes/evaluate-ingress.ts';
import { listing } from '../values/listing.ts';

/** Of a controller name of some thirty characters. */
const MOST_TYPING_ERRORS = 3;

/** The class objects there are, for the explanation of a name that is none of them. */
export interface Classes extends Pick<Lookup, 'gatewayClass' | 'ingressClass' | 'defaultIngressClass'> {
  gatewayClasses(): Iterable<GatewayClass>;
  ingressClasses(): Iterable<IngressClass>;
}

/** Why a Gateway is left alone, and which flag would claim it; `undefined` where it is ours. */
export function unclaimedGateway(
  gateway: Gateway,
  classes: Classes,
  config: GatewayConfig,
): string | undefined {
  const name = gateway.gatewayClassName;
  if (isOurGatewayClass(name, classes, config)) return undefined;
  const controller = classes.gatewayClass(name)?.controllerName;
  if (controller === undefined) return missingClass('GatewayClass', name, classes.gatewayClasses());
  return otherController('GatewayClass', name, controller, config);
}

/** Why an Ingress is left alone, and what would claim it; `undefined` where it is ours. */
export function unclaimedIngress(
  ingress: Ingress,
  classes: Classes,
  config: GatewayConfig,
): string | undefined {
  if (!isOurIngress(ingress, classes, config)) return otherIngressClass(ingress, classes, config);
  if (asksForPassthrough(ingress)) return undefined;
  return 'it does not ask for TLS passthrough; the annotation is sluice.dev/ssl-passthrough: "true"';
}

function otherIngressClass(ingress: Ingress, classes: Classes, config: GatewayConfig): string {
  const name = ingress.meta.annotations[INGRESS_CLASS_ANNOTATION] || ingress.ingressClassName;
  if (name === undefined || name === '') {
    const fallback = classes.defaultIngressClass();
    if (fallback === undefined) return 'it names no class, and no IngressClass is the default one';
    const other = otherController('IngressClass', fallback.meta.name, fallback.controller, config);
    return `it names no class, and of the default one: ${other}`;
  }
  const found = classes.ingressClass(name);
  if (found === undefined) return missingClass('IngressClass', name, classes.ingressClasses());
  return otherController('IngressClass', name, found.controller, config);
}

function missingClass(
  kind: string,
  name: string,
  known: Iterable<{ readonly meta: { readonly name: string } }>,
): string {
  const names = Array.from(known, ({ meta }) => meta.name).sort();
  const others = names.length === 0 ? '' : `, there are: ${listing(names)}`;
  return `class ${listing([name])} is claimed by nobody here (no ${kind} has that name${others})${flag('--adopt-class', name)}`;
}

function otherController(kind: string, name: string, controller: string, config: GatewayConfig): string {
  // Whoever gave the flag expects it to work.
  const adopted = config.adoptedClasses.includes(name)
    ? ' (--adopt-class counts only where there is no class object)'
    : '';
  const ours = config.controllerNames.find((own) => distance(own, controller) <= MOST_TYPING_ERRORS);
  const help = ours === undefined ? flag('--adopt-controller-name', controller) : `; did you mean ${ours}?`;
  return `its ${kind} ${listing([name])} is of controller ${listing([controller])}${adopted}${help}`;
}

/** What to give, to be copied into a shell: not where somebody else's text would mean more than a name there. */
function flag(name: string, value: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9./_-]{0,252}$/.test(value) ? `; ${name} ${value} claims it` : '';
}
