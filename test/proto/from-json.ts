/** The inverse of `toJson`, written for tests alone: what it cannot read back has been lost. */
import protobuf from 'protobufjs';
import type { JsonValue } from '../../src/proto/json.ts';
import { findType } from '../../src/proto/message-type.ts';

type Fields = Readonly<Record<string, JsonValue>>;

/**
 * Encodes what `toJson`, or Envoy, printed of a message of that name. Throws on a field that our
 * files do not have.
 */
export function fromJson(name: string, json: JsonValue): Uint8Array {
  const type = findType(name);
  if (type === undefined) throw new TypeError(`no message ${name}`);
  return type.encode(type.fromObject(message(type, json))).finish();
}

function message(type: protobuf.Type, json: JsonValue): { [key: string]: unknown } {
  switch (type.fullName) {
    case '.google.protobuf.Any':
      return any(fieldsOf(type, json));
    case '.google.protobuf.Duration':
      return duration(String(json));
    case '.google.protobuf.Struct':
      return { fields: mapValues(fieldsOf(type, json), structValue) };
    case '.google.protobuf.Value':
      return structValue(json);
    default:
  }
  if (/^\.google\.protobuf\.\w+Value$/.test(type.fullName))
    return { value: scalar(type.fields['value'], json) };
  const result: { [key: string]: unknown } = {};
  for (const [name, present] of Object.entries(fieldsOf(type, json))) {
    const field = type.fields[name];
    if (field === undefined) throw new TypeError(`${type.fullName} has no field ${name}`);
    result[name] = fieldValue(field, present);
  }
  return result;
}

function fieldValue(field: protobuf.Field, json: JsonValue): unknown {
  const single = (item: JsonValue) => {
    const { resolvedType } = field;
    return resolvedType instanceof protobuf.Type ? message(resolvedType, item) : scalar(field, item);
  };
  if (field instanceof protobuf.MapField) return mapValues(json as Fields, single);
  return field.repeated ? (json as readonly JsonValue[]).map(single) : single(json);
}

function scalar(field: protobuf.Field | undefined, json: JsonValue): unknown {
  if (field?.resolvedType instanceof protobuf.Enum) {
    const number = field.resolvedType.values[String(json)];
    if (number === undefined) throw new TypeError(`${field.fullName} cannot be ${json}`);
    return number;
  }
  return field?.type === 'bytes' ? Buffer.from(String(json), 'base64') : json;
}

function any({ '@type': typeUrl, ...rest }: Fields): { [key: string]: unknown } {
  const url = String(typeUrl ?? '');
  const type = findType(url.slice(url.lastIndexOf('/') + 1));
  if (type === undefined) return { type_url: url, value: Buffer.from(String(rest['value']), 'base64') };
  const content = type.fullName.startsWith('.google.protobuf.') ? (rest['value'] ?? null) : rest;
  const value = type.encode(type.fromObject(message(type, content))).finish();
  return { type_url: url, value };
}

function duration(text: string): { [key: string]: unknown } {
  const parts = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(text);
  if (parts === null) throw new TypeError(`${text} is not a duration`);
  const [, sign = '', seconds = '', fraction = ''] = parts;
  const direction = sign === '' ? 1 : -1;
  return { seconds: direction * Number(seconds), nanos: direction * Number(fraction.padEnd(9, '0')) };
}

function structValue(json: JsonValue): { [key: string]: unknown } {
  if (json === null) return { nullValue: 0 };
  if (typeof json === 'string') return { stringValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'boolean') return { boolValue: json };
  if (Array.isArray(json)) return { listValue: { values: json.map(structValue) } };
  return { structValue: { fields: mapValues(json, structValue) } };
}

function fieldsOf(type: protobuf.Type, json: JsonValue): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new TypeError(`${type.fullName} cannot be ${JSON.stringify(json)}`);
  }
  return json;
}

function mapValues<T>(map: Fields, each: (value: JsonValue) => T): { [key: string]: T } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, each(value)]));
}
