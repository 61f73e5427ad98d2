import type { GatewayConfig } from '../../gateway/config.ts';
import { ingressBindings } from '../../gateway/parents/bindings.ts';
import { isGatewayRef } from '../../gateway/parents/evaluate-listener-set.ts';
import { evaluateGatewayClass } from '../../gateway/parents/gateway-class.ts';
import { gatewayStatus, type ListenerSetStatus, listenerSetStatus } from '../../gateway/status/status.ts';
import { type Condition, condition } from '../../model/conditions.ts';
import { objectKey } from '../../model/events.ts';
import type { ParentListeners } from '../../model/gateway.ts';
import type { ListenerSet } from '../../model/objects.ts';
import type { Engine } from '../../snapshot/engine/engine.ts';
import { LISTENER_TYPE } from '../../snapshot/resources/resource.ts';
import { ProgrammedListeners } from '../../status/acknowledgement.ts';
import { gatewayNodeAddresses, publishedAddresses } from '../../status/addresses.ts';
import type { DesiredStatus } from '../../status/desired.ts';
import type { EnvoyReport } from '../../status/envoy-fleet.ts';
import type { FleetView, StatusWorld } from '../../status/status-controller.ts';
import type { ConnectedNode } from '../../xds/server.ts';

/**
 * Features of the Gateway API (sigs.k8s.io/gateway-api/pkg/features) that Sluice has as it is configured; sorted, as the
 * API wants it. The conformance suite tests what is claimed here.
 */
function supportedFeatures({ addressPool }: GatewayConfig): readonly string[] {
  return [
    'Gateway',
    ...(addressPool.length > 0 ? ['GatewayAddressEmpty'] : []),
    'GatewayStaticAddresses',
    'ListenerSet',
    'ReferenceGrant',
    'TLSRoute',
  ];
}

export interface EngineStatusOptions {
  readonly engine: Engine;
  readonly config: GatewayConfig;
  /** `--gateway-address` */
  readonly gatewayAddresses: readonly string[];
  readonly connectedNodes: () => readonly ConnectedNode[];
}

/** What statuses should say, from the engine's models and what the Envoys acknowledged. */
export class EngineStatusWorld implements StatusWorld {
  readonly #options: EngineStatusOptions;
  readonly #programmed = new ProgrammedListeners();
  /** ListenerSets that have a status of ours; only we know, for the status does not say whose it is. */
  readonly #listenerSets = new Set<string>();
  /** Ingresses whose status holds addresses of ours; only we know, for the status does not say whose they are. */
  readonly #addressedIngresses = new Set<string>();
  #nodes: { readonly serving: ReadonlySet<string>; readonly addresses: readonly string[] } | undefined;

  constructor(options: EngineStatusOptions) {
    this.#options = options;
  }

  /** A Node changed. */
  nodesChanged(): void {
    this.#nodes = undefined;
  }

  desired(key: string, fleet: FleetView): DesiredStatus | undefined {
    const [kind = '', namespace = '', name = ''] = key.split('/');
    switch (kind) {
      case 'GatewayClass':
        return this.#gatewayClass(name);
      case 'Gateway':
        return this.#gateway(key, namespace, name, fleet);
      case 'ListenerSet':
        return this.#listenerSet(key, namespace, name, fleet);
      case 'TLSRoute':
        return this.#route(key, namespace, name);
      case 'Ingress':
        return this.#ingress(key, namespace, name, fleet);
      default:
        return undefined;
    }
  }

  *parentKeys(): Generator<string> {
    for (const { ref } of this.#options.engine.gateways()) yield objectKey(ref);
    for (const { ref } of this.#options.engine.listenerSets()) yield objectKey(ref);
  }

  *ingressKeys(): Generator<string> {
    for (const { ref } of this.#options.engine.routes()) if (ref.kind === 'Ingress') yield objectKey(ref);
  }

  envoys(): EnvoyReport {
    const { engine, connectedNodes } = this.#options;
    const connected = connectedNodes();
    const current = new Map<string, boolean>();
    const rejected: Record<string, { version: string; error: string }> = {};
    for (const { id, stream, hasBeenCurrent } of connected) {
      const listeners = stream.state().find(({ typeUrl }) => typeUrl === LISTENER_TYPE);
      // Before it asks for listeners it serves nothing, whatever it has acknowledged; once it had them, it goes on serving.
      const isServing = hasBeenCurrent || (listeners !== undefined && stream.isCurrent);
      current.set(id, (current.get(id) ?? false) || isServing);
      for (const [name, held] of listeners?.held ?? []) rejected[name] = held;
    }
    const acknowledged: Record<string, string> = {};
    for (const { name, version } of engine.resources.all(LISTENER_TYPE)) {
      if (connected.some(({ stream }) => stream.isAcknowledged(LISTENER_TYPE, name, version)))
        acknowledged[name] = version;
    }
    const nodes = [...current].map(([id, isCurrent]) => ({ id, current: isCurrent }));
    return { nodes: nodes.sort((a, b) => (a.id < b.id ? -1 : 1)), acknowledged, rejected };
  }

  ingressConditions(key: string): readonly Condition[] {
    const { engine } = this.#options;
    const model = engine.route(key);
    if (model === undefined) return [];
    return engine.routeStatus(key).flatMap(({ conditions }) => conditions);
  }

  #gatewayClass(name: string): DesiredStatus | undefined {
    const object = this.#options.engine.world.get('GatewayClass', '', name);
    const evaluated = object && evaluateGatewayClass(object, this.#options.config);
    if (object === undefined || evaluated === undefined) return undefined;
    return {
      kind: 'GatewayClass',
      uid: object.meta.uid,
      conditions: evaluated.conditions,
      supportedFeatures: supportedFeatures(this.#options.config),
    };
  }

  #gateway(key: string, namespace: string, name: string, fleet: FleetView): DesiredStatus | undefined {
    const { engine } = this.#options;
    const object = engine.world.get('Gateway', namespace, name);
    const model = engine.gateway(namespace, name);
    if (object === undefined || model === undefined) {
      this.#programmed.forget(key);
      return undefined;
    }
    const status = gatewayStatus(model, (listener) => engine.attachedRoutes(model, listener));
    return {
      kind: 'Gateway',
      uid: object.meta.uid,
      addresses: this.#addresses(model.addresses, model.isMerged, fleet),
      ...this.#asProgrammed(key, model, status, fleet),
      attachedListenerSets: engine.attachedListenerSets(model),
      tentative: fleet.tentative,
    };
  }

  #listenerSet(key: string, namespace: string, name: string, fleet: FleetView): DesiredStatus | undefined {
    const { engine } = this.#options;
    const object = engine.world.get('ListenerSet', namespace, name);
    const model = engine.listenerSet(namespace, name);
    if (object === undefined || model === undefined) {
      this.#programmed.forget(key);
      const orphan = object !== undefined && this.#listenerSets.has(key) ? this.#orphan(object) : undefined;
      if (orphan === undefined) this.#listenerSets.delete(key);
      return orphan;
    }
    this.#listenerSets.add(key);
    const status = listenerSetStatus(model, (listener) => engine.attachedRoutes(model, listener));
    return {
      kind: 'ListenerSet',
      uid: object.meta.uid,
      ...this.#asProgrammed(key, model, status, fleet),
      tentative: fleet.tentative,
    };
  }

  /**
   * Where its Gateway has gone it is nobody's, and what we said of it is not true any more. One that names a parent of
   * another kind now is another controller's, who writes its status.
   */
  #orphan({ meta, parentRef }: ListenerSet): DesiredStatus | undefined {
    if (!isGatewayRef(parentRef)) return undefined;
    const { world } = this.#options.engine;
    const namespace = parentRef.namespace ?? meta.namespace;
    if (world.get('Gateway', namespace, parentRef.name) !== undefined) return undefined;
    const message = `There is no Gateway ${namespace}/${parentRef.name}.`;
    return {
      kind: 'ListenerSet',
      uid: meta.uid,
      conditions: [
        condition('Accepted', false, 'ParentNotAccepted', message, meta.generation),
        condition('Programmed', false, 'ParentNotProgrammed', message, meta.generation),
      ],
      listeners: [],
      tentative: false,
    };
  }

  /** With `Programmed` as Envoy has it. */
  #asProgrammed(key: string, model: ParentListeners, status: ListenerSetStatus, fleet: FleetView) {
    const { resources } = this.#options.engine;
    const listeners = status.listeners.map((listener) => ({
      ...listener,
      bindings: bindingNames(model, listener.name),
    }));
    return this.#programmed.apply(
      key,
      { conditions: status.conditions, listeners },
      (binding) => fleet.bindingState(binding, resources.get(LISTENER_TYPE, binding)?.version),
      fleet.serving.size > 0,
    );
  }

  #route(key: string, namespace: string, name: string): DesiredStatus | undefined {
    const { engine, config } = this.#options;
    const object = engine.world.get('TLSRoute', namespace, name);
    if (object === undefined) return undefined;
    const parents = engine.routeStatus(key);
    return {
      kind: 'TLSRoute',
      uid: object.meta.uid,
      parents: parents.flatMap(({ parentRef, conditions }) =>
        parentRef === undefined
          ? []
          : {
              parentRef,
              controllerName: this.#controllerName(
                parentRef.kind,
                parentRef.namespace ?? namespace,
                parentRef.name,
              ),
              conditions,
            },
      ),
      controllerNames: config.controllerNames,
    };
  }

  /** "ControllerName is a domain/path string that indicates the name of the controller that wrote this status": the class's. */
  #controllerName(kind: string, namespace: string, name: string): string {
    const { engine, config } = this.#options;
    const gateway =
      kind === 'ListenerSet' ? engine.listenerSet(namespace, name)?.gateway : { namespace, name };
    const object = gateway && engine.world.get('Gateway', gateway.namespace, gateway.name);
    const className = object?.gatewayClassName ?? '';
    // A class that was adopted by its name has no object.
    return engine.world.get('GatewayClass', '', className)?.controllerName ?? config.controllerNames[0] ?? '';
  }

  #ingress(key: string, namespace: string, name: string, fleet: FleetView): DesiredStatus | undefined {
    const { engine, config } = this.#options;
    const object = engine.world.get('Ingress', namespace, name);
    const model = engine.route(key);
    if (object === undefined || (model === undefined && !this.#addressedIngresses.has(key))) {
      this.#addressedIngresses.delete(key);
      return undefined;
    }
    const isServed = engine.routeStatus(key).some(({ accepted }) => accepted);
    const bound = ingressBindings(config).flatMap((binding) => binding.addresses);
    const addresses = isServed ? this.#addresses(bound, true, fleet) : [];
    if (addresses.length > 0) this.#addressedIngresses.add(key);
    return {
      kind: 'Ingress',
      uid: object.meta.uid,
      addresses,
      tentative: isServed && fleet.tentative,
    };
  }

  #addresses(bound: readonly string[], isMerged: boolean, { serving }: FleetView): readonly string[] {
    const { engine, gatewayAddresses: configured } = this.#options;
    if (this.#nodes?.serving !== serving)
      this.#nodes = { serving, addresses: gatewayNodeAddresses(engine.world.all('Node'), serving) };
    return publishedAddresses(bound, isMerged, { configured, nodes: this.#nodes.addresses });
  }
}

/** Of several listeners of one name the first counts, as in the status. */
function bindingNames(model: ParentListeners, listener: string): readonly string[] {
  const found = model.listeners.find(({ name }) => name === listener);
  return found?.bindings.map(({ name }) => name) ?? [];
}
