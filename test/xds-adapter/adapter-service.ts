import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServerUnaryCall, type ServiceDefinition, type sendUnaryData, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import type { AdapterState } from './adapter-state.ts';

const PROTO = join(import.meta.dirname, 'adapter.proto');
const Named = new protobuf.Root().loadSync(PROTO).lookupType('adapter.Named');

/**
 * How long a change waits before it is made. The harness unsubscribes from a resource and has it changed at once, from
 * two goroutines on two connections, and then expects to hear nothing of the change: which arrives first is chance.
 */
const AFTER_REQUESTS_MS = 50;

interface Change {
  readonly typeUrl: string;
  readonly resourceName: string;
  readonly version: string;
}

interface State {
  readonly version: string;
  readonly resources: readonly { readonly type_url: string; readonly value: Uint8Array }[];
}

/** `adapter.Adapter` as grpc-js serves and calls it. */
export const ADAPTER_SERVICE = loadSync(PROTO, { keepCase: true, defaults: true })[
  'adapter.Adapter'
] as ServiceDefinition;

/**
 * Sets a state as the harness asks. Nodes are not told apart: Sluice serves every Envoy the same.
 * A change of a resource that is not there is answered NOT_FOUND, one added twice ALREADY_EXISTS.
 */
export function adapterHandlers(state: AdapterState) {
  const present = ({ typeUrl, resourceName }: Change): void => {
    if (!state.has(typeUrl, resourceName)) throw refusal(status.NOT_FOUND, `no ${typeUrl} ${resourceName}`);
  };
  const done = { success: true };
  return {
    SetState: unary(({ version, resources }: State) => {
      state.set(
        version,
        resources.map(({ type_url: typeUrl, value: content }) => ({
          typeUrl,
          name: nameOf(content),
          content,
        })),
      );
      return done;
    }),
    ClearState: unary(() => {
      state.set('', []);
      return { response: 'nothing is served' };
    }),
    AddResource: unary(({ version, typeUrl, resourceName: name }: Change) => {
      if (state.has(typeUrl, name))
        throw refusal(status.ALREADY_EXISTS, `${typeUrl} ${name} is there already`);
      state.put(version, { typeUrl, name, content: Named.encode(Named.create({ name })).finish() });
      return done;
    }),
    UpdateResource: unary((change: Change) => {
      present(change);
      state.touch(change.version, change.typeUrl, change.resourceName);
      return done;
    }),
    RemoveResource: unary((change: Change) => {
      present(change);
      state.remove(change.version, change.typeUrl, change.resourceName);
      return done;
    }),
  };
}

function nameOf(content: Uint8Array): string {
  return (Named.decode(content) as unknown as { name: string }).name;
}

function refusal(code: status, details: string): Error {
  return Object.assign(new Error(details), { code, details });
}

/** A handler that answers with what the function gives, or with the error that it throws, a moment later. */
function unary<Request>(handle: (request: Request) => object) {
  return async (call: ServerUnaryCall<Request, object>, answer: sendUnaryData<object>): Promise<void> => {
    await delay(AFTER_REQUESTS_MS);
    try {
      answer(null, handle(call.request));
    } catch (error) {
      answer(
        'code' in (error as object) ? (error as Error) : refusal(status.INVALID_ARGUMENT, String(error)),
      );
    }
  };
}
