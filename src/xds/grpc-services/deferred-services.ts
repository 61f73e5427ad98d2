import type { EventEmitter } from 'node:events';
import {
  type MethodDefinition,
  type Server,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** Something that brings services of its own, as the libraries of gRPC do. */
export interface ServiceProvider {
  addToServer(server: Pick<Server, 'addService'>): void;
}

/** A method as it is registered before its service is loaded. */
export interface DeferredMethod {
  /** `/grpc.health.v1.Health/Check` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

type Definition = MethodDefinition<unknown, unknown>;
type Call = EventEmitter;
type Handler = (call: Call, callback?: Reply) => void;
type Reply = (error: unknown, response?: unknown) => void;

interface Method {
  readonly definition: Definition;
  readonly handler: Handler;
}

const AS_IT_IS = (bytes: Buffer): Buffer => bytes;

/**
 * Services whose libraries are loaded when the first call for one of them arrives: most servers are never asked, and loading takes
 * longer than all the rest of the server.
 */
export class DeferredServices implements ServiceProvider {
  readonly #declared: readonly DeferredMethod[];
  readonly #load: () => Promise<ServiceProvider>;
  #methods: Promise<ReadonlyMap<string, Method>> | undefined;

  /** `load` gives what serves all the declared methods. */
  constructor(declared: readonly DeferredMethod[], load: () => Promise<ServiceProvider>) {
    this.#declared = declared;
    this.#load = load;
  }

  addToServer(server: Pick<Server, 'addService'>): void {
    const definition: Record<string, Definition> = {};
    const implementation: Record<string, Handler> = {};
    for (const method of this.#declared) {
      definition[method.path] = {
        ...method,
        requestSerialize: AS_IT_IS as Definition['requestSerialize'],
        requestDeserialize: AS_IT_IS,
        responseSerialize: AS_IT_IS as Definition['responseSerialize'],
        responseDeserialize: AS_IT_IS,
      };
      implementation[method.path] = (call, callback) => void this.#serve(method, call, callback);
    }
    server.addService(
      definition as ServiceDefinition,
      implementation as unknown as UntypedServiceImplementation,
    );
  }

  /** The call waits while its service is loaded: nothing is read from it before the handler listens. Never rejects. */
  async #serve({ path }: DeferredMethod, call: Call, callback?: Reply): Promise<void> {
    const fail = (cause: unknown): void => {
      const error = {
        code: status.INTERNAL,
        details: cause instanceof Error ? cause.message : String(cause),
      };
      if (callback) callback(error);
      else call.emit('error', error);
    };
    try {
      this.#methods ??= this.#load().then(methodsOf);
      const method = (await this.#methods).get(path);
      if (method === undefined) throw new Error(`nothing that was loaded serves ${path}`);
      const { definition, handler } = method;
      const reply: Reply = (error, response) =>
        callback?.(error, error === null ? definition.responseSerialize(response) : undefined);
      handler(withMessages(call, definition, fail), callback && reply);
    } catch (error) {
      fail(error);
    }
  }
}

function methodsOf(provider: ServiceProvider): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  provider.addToServer({
    addService(service, implementation) {
      for (const [name, definition] of Object.entries(service)) {
        const given = implementation as Readonly<Record<string, unknown>>;
        const handler = given[name] ?? given[definition.originalName ?? ''];
        if (typeof handler === 'function')
          methods.set(definition.path, { definition, handler: handler.bind(implementation) as Handler });
      }
    },
  });
  return methods;
}

/** A call of bytes as one of the messages that the definition describes; `fail` is called for bytes that are none. */
function withMessages(call: Call, definition: Definition, fail: (cause: unknown) => void): Call {
  const listening =
    (listener: (message: unknown) => void) =>
    (bytes: Buffer): void => {
      try {
        listener(definition.requestDeserialize(bytes));
      } catch (error) {
        fail(error);
      }
    };
  return new Proxy(call, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property === 'request') return definition.requestDeserialize(value as Buffer);
      if (typeof value !== 'function') return value;
      if (property === 'write')
        return (message: unknown) => value.call(target, definition.responseSerialize(message));
      if (property === 'on')
        return (event: string, listener: (argument: unknown) => void) =>
          value.call(target, event, event === 'data' ? listening(listener) : listener);
      return value.bind(target);
    },
  });
}
