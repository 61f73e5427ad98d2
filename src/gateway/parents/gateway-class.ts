import type { Condition } from '../../model/conditions.ts';
import { condition } from '../../model/conditions.ts';
import { CONTROLLER_NAME, INGRESS_CLASS_ANNOTATION } from '../../model/names.ts';
import type {
  Gateway,
  GatewayClass,
  Ingress,
  IngressClass,
  ParametersReference,
} from '../../model/objects.ts';
import type { GatewayConfig } from '../config.ts';
import type { Lookup } from '../lookup.ts';
import { listing } from '../values/listing.ts';

/**
 * The conditions of a GatewayClass, `undefined` where it is not ours: "this condition MUST be set by a
 * controller when it sees a GatewayClass using its controller string". An adopted controller name is ours too.
 */
export function evaluateGatewayClass(
  gatewayClass: GatewayClass,
  config: GatewayConfig,
): { readonly conditions: readonly Condition[] } | undefined {
  if (!config.controllerNames.includes(gatewayClass.controllerName)) return undefined;
  const { parametersRef, controllerName, meta } = gatewayClass;
  if (parametersRef !== undefined && controllerName === CONTROLLER_NAME) {
    const text = `${noParameters(parametersRef)} Gateways of this class are served as without them.`;
    return { conditions: [condition('Accepted', false, 'InvalidParameters', text, meta.generation)] };
  }
  const message = 'Gateways of this class are served by Sluice.';
  return { conditions: [condition('Accepted', true, 'Accepted', message, meta.generation)] };
}

/**
 * Why a Gateway has parameters that nobody takes; `undefined` where it has none, or is of a class that is adopted: what another controller
 * is told is not ours to judge.
 */
export function parametersProblem(
  { parametersRef, gatewayClassName }: Pick<Gateway, 'parametersRef' | 'gatewayClassName'>,
  lookup: Pick<Lookup, 'gatewayClass'>,
): string | undefined {
  if (parametersRef === undefined) return undefined;
  const isOwn = lookup.gatewayClass(gatewayClassName)?.controllerName === CONTROLLER_NAME;
  return isOwn ? noParameters(parametersRef) : undefined;
}

function noParameters({ group, kind, name }: ParametersReference): string {
  const of = listing([`${kind}${group === '' ? '' : `.${group}`} ${name}`]);
  return `parametersRef is not supported (${of}): settings are flags of Sluice and annotations; remove it.`;
}

/** Whether Gateways of this class name are ours: by the class object, else by an adopted name. */
export function isOurGatewayClass(
  name: string,
  lookup: Pick<Lookup, 'gatewayClass'>,
  config: GatewayConfig,
): boolean {
  const gatewayClass = lookup.gatewayClass(name);
  if (gatewayClass === undefined) return config.adoptedClasses.includes(name);
  return config.controllerNames.includes(gatewayClass.controllerName);
}

/**
 * Whether an Ingress is ours. The legacy annotation counts before the field, as it does for ingress-nginx; an
 * Ingress that names no class belongs to the default class (the API server's admission fills it in at creation,
 * a directory of manifests has no admission).
 */
export function isOurIngress(
  ingress: Ingress,
  lookup: Pick<Lookup, 'ingressClass' | 'defaultIngressClass'>,
  config: GatewayConfig,
): boolean {
  const name = ingressClassName(ingress);
  if (name === undefined) return isOurIngressClass(lookup.defaultIngressClass(), config);
  const ingressClass = lookup.ingressClass(name);
  if (ingressClass === undefined) return config.adoptedClasses.includes(name);
  return isOurIngressClass(ingressClass, config);
}

/** Whether the class of an Ingress names Sluice's own controller, and not one whose classes it has adopted. */
export function isOfOwnClass(
  ingress: Ingress,
  lookup: Pick<Lookup, 'ingressClass' | 'defaultIngressClass'>,
): boolean {
  const name = ingressClassName(ingress);
  const ingressClass = name === undefined ? lookup.defaultIngressClass() : lookup.ingressClass(name);
  return ingressClass?.controller === CONTROLLER_NAME;
}

/** `undefined`: the default one. */
function ingressClassName(ingress: Ingress): string | undefined {
  return ingress.meta.annotations[INGRESS_CLASS_ANNOTATION] || ingress.ingressClassName || undefined;
}

function isOurIngressClass(ingressClass: IngressClass | undefined, config: GatewayConfig): boolean {
  return ingressClass !== undefined && config.controllerNames.includes(ingressClass.controller);
}
