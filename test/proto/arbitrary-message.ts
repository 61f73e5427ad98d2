/** Random messages of any type in our .proto files, for laws that hold for all of them. */
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { findType } from '../../src/proto/message-type.ts';

type Message = { [key: string]: unknown };

/** What a random Any holds: messages, those with a JSON form of their own, and what nobody here knows. */
const IN_ANY = [
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  'envoy.extensions.filters.network.set_filter_state.v3.Config',
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
  'xds.type.matcher.v3.Matcher',
  'google.protobuf.Duration',
  'google.protobuf.StringValue',
  'google.protobuf.Struct',
  'google.protobuf.Value',
];

const text = fc.string({ unit: 'binary', maxLength: 6 });
const key = fc.stringMatching(/^[a-z./*-]{0,6}$/);
const bytes = fc.uint8Array({ maxLength: 8 });
const number = fc.integer({ min: -1_000, max: 1_000 }).map((eighths) => eighths / 8);

const known = new Map<string, fc.Arbitrary<Message>>();

/** A message as `MessageType.encode` takes it; `depth` messages in each other at most. */
export function arbitraryMessage(name: string, depth = 6): fc.Arbitrary<Message> {
  const cached = `${name} ${depth}`;
  let arbitrary = known.get(cached);
  if (arbitrary === undefined) {
    const type = findType(name);
    if (type === undefined) throw new TypeError(`no message ${name}`);
    arbitrary = build(type, depth);
    known.set(cached, arbitrary);
  }
  return arbitrary;
}

function build(type: protobuf.Type, depth: number): fc.Arbitrary<Message> {
  switch (type.fullName) {
    case '.google.protobuf.Any':
      return any(depth);
    case '.google.protobuf.Duration':
      return duration;
    case '.google.protobuf.Struct':
      return struct;
    case '.google.protobuf.Value':
      return value;
    default:
  }
  const fields = type.fieldsArray.filter(
    ({ resolvedType }) => depth > 0 || !(resolvedType instanceof protobuf.Type),
  );
  const wrapped = /^\.google\.protobuf\.\w+Value$/.test(type.fullName);
  const alone = fields.filter((field) => field.partOf === null);
  const always = fc.record(
    Object.fromEntries(alone.map((field) => [field.name, fieldOf(field, depth)])),
    wrapped ? {} : { requiredKeys: [] },
  );
  const oneofs = type.oneofsArray.map((oneof) => {
    const members = fields.filter((field) => field.partOf === oneof);
    const choices = members.map((field) => fc.record({ [field.name]: fieldOf(field, depth) }));
    return fc.oneof(fc.constant({}), ...choices);
  });
  return fc.tuple(always, ...oneofs).map((parts) => Object.assign({}, ...parts) as Message);
}

function fieldOf(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const single = singleOf(field, depth);
  if (field instanceof protobuf.MapField) return fc.dictionary(key, single, { maxKeys: 2 });
  return field.repeated ? fc.array(single, { maxLength: 2 }) : single;
}

function singleOf(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.keys(resolvedType.values));
  if (resolvedType instanceof protobuf.Type)
    return arbitraryMessage(resolvedType.fullName.slice(1), depth - 1);
  switch (type) {
    case 'string':
      return text;
    case 'bytes':
      return bytes;
    case 'bool':
      return fc.boolean();
    case 'double':
      return number;
    case 'uint32':
      return fc.nat({ max: 2 ** 31 });
    case 'int32':
      return fc.integer();
    default:
      throw new TypeError(`${field.fullName}: no values of type ${type} here`);
  }
}

const duration = fc
  .tuple(fc.constantFrom(1, -1), fc.nat({ max: 100_000 }), fc.nat({ max: 999_999_999 }))
  .map(([sign, seconds, nanos]) => ({ seconds: sign * seconds, nanos: sign * nanos }));

const { value, struct } = fc.letrec<{ value: Message; struct: Message }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ stringValue: text }),
    fc.record({ numberValue: number }),
    fc.record({ boolValue: fc.boolean() }),
    fc.constant({ nullValue: 0 }),
    fc.record({ listValue: fc.record({ values: fc.array(tie('value'), { maxLength: 2 }) }) }),
    fc.record({ structValue: tie('struct') }),
  ),
  struct: fc.record({ fields: fc.dictionary(key, tie('value'), { maxKeys: 2 }) }),
}));

function any(depth: number): fc.Arbitrary<Message> {
  const unknown = bytes.map((value) => ({ type_url: 'type.googleapis.com/somebody.Else', value }));
  if (depth <= 1) return unknown;
  const packed = fc.constantFrom(...IN_ANY).chain((name) =>
    arbitraryMessage(name, depth - 1).map((content) => {
      const type = findType(name);
      if (type === undefined) throw new TypeError(`no message ${name}`);
      return {
        type_url: `type.googleapis.com/${name}`,
        value: type.encode(type.fromObject(content)).finish(),
      };
    }),
  );
  return fc.oneof({ weight: 4, arbitrary: packed }, { weight: 1, arbitrary: unknown });
}
