/**
 * The codec: protobufjs over what the .proto files say, with types generated from the same files.
 *
 * Values are plain objects with the field names of Envoy's documentation; enums are names, durations
 * `{seconds, nanos}`, wrappers `{value}`, bytes `Uint8Array`, 64-bit numbers strings.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';
import { DESCRIPTOR } from './gen/descriptor.ts';

/** Encodes and decodes one message. `Input` is what may be written, `Output` what is read. */
export interface MessageType<Input, Output = Input> {
  /** `envoy.config.cluster.v3.Cluster` */
  readonly name: string;
  /** `type.googleapis.com/` and the name. */
  readonly typeUrl: string;
  /** Fields in the order of their numbers, maps in the order of the object: equal values give equal bytes. */
  encode(value: Input): Uint8Array;
  /** Unset fields are absent. Throws on malformed bytes. */
  decode(bytes: Uint8Array): Output;
}

export interface EncodedAny {
  readonly type_url: string;
  readonly value: Uint8Array;
}

const root = protobuf.Root.fromJSON(DESCRIPTOR as protobuf.INamespace).resolveAll() as protobuf.Root;

/** `undefined` where our part of the API has no message of that name. */
export function findType(name: string): protobuf.Type | undefined {
  const found = root.lookup(name);
  return found instanceof protobuf.Type ? found : undefined;
}

/** Of the .proto files: beside `src` in a checkout, one level further up from what is published. */
export function protoDirectory(): string {
  for (const up of ['../..', '../../..']) {
    const candidate = join(import.meta.dirname, up, 'proto');
    if (globSync('envoy/**/*.proto', { cwd: candidate }).length > 0) return candidate;
  }
  throw new Error(`no .proto files beside ${import.meta.dirname}: the installation is incomplete`);
}

export function messageType<Input extends object, Output = Input>(name: string): MessageType<Input, Output> {
  const type = root.lookupType(name);
  return {
    name,
    typeUrl: `type.googleapis.com/${name}`,
    encode: (value) => type.encode(type.fromObject(value)).finish(),
    decode: (bytes) => type.toObject(type.decode(bytes), { enums: String, longs: String }) as Output,
  };
}

/** Packs a message as google.protobuf.Any. */
export function toAny<Input>(type: MessageType<Input, unknown>, value: Input): EncodedAny {
  return { type_url: type.typeUrl, value: type.encode(value) };
}

/** A google.protobuf.Duration of so many milliseconds. */
export function duration(milliseconds: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) };
}

/** A google.protobuf.Struct of strings. */
export function stringStruct(values: Readonly<Record<string, string>>): {
  fields: { [key: string]: { stringValue: string } };
} {
  return {
    fields: Object.fromEntries(Object.entries(values).map(([key, stringValue]) => [key, { stringValue }])),
  };
}
