import protobuf from 'protobufjs/minimal.js';

const VARINT = 0;
const DELIMITED = 2;

type Message = Record<string, unknown>;

interface FieldShape {
  readonly wireType: typeof VARINT | typeof DELIMITED;
  /** Reads the value, which ends where the reader does if it is delimited. */
  readonly take: (message: Message, reader: protobuf.Reader) => void;
}

/** The fields of a message that are read, by number. What is not listed is passed over. */
export type MessageShape = readonly (FieldShape | undefined)[];

/**
 * Reads a message as the plain object that its JSON would be. Throws on bytes that are none; what it throws is of no
 * particular class.
 */
export function readMessage(bytes: Uint8Array, shape: MessageShape): Message {
  return fieldsOf(protobuf.Reader.create(bytes), shape);
}

function fieldsOf(reader: protobuf.Reader, shape: MessageShape): Message {
  const message: Message = {};
  const end = reader.len;
  while (reader.pos < end) {
    const tag = reader.tag();
    const wireType = tag & 7;
    const field = shape[tag >>> 3];
    if (field === undefined) {
      reader.skipType(wireType, 0, tag >>> 3);
    } else if (field.wireType !== wireType) {
      throw new Error(`field ${tag >>> 3} has the wire type ${wireType}`);
    } else if (wireType === VARINT) {
      field.take(message, reader);
    } else {
      const length = reader.uint32();
      const last = reader.pos + length;
      if (last > end) throw new Error(`field ${tag >>> 3} is longer than what holds it`);
      reader.len = last;
      field.take(message, reader);
      reader.len = end;
    }
    if (reader.pos > end) throw new Error('a field is longer than what holds it');
  }
  return message;
}

export function shapeOf(fields: Readonly<Record<number, FieldShape>>): MessageShape {
  const numbers = Object.keys(fields).map(Number);
  return Array.from({ length: Math.max(...numbers) + 1 }, (_, number) => fields[number]);
}

export function text(name: string): FieldShape {
  return delimited((message, reader) => {
    message[name] = readText(reader);
  });
}

export function texts(name: string): FieldShape {
  return delimited((message, reader) => append(message, name, readText(reader)));
}

/** Of 32 bits. */
export function integer(name: string): FieldShape {
  return varint(name, (reader) => reader.int32());
}

/** Of 64 bits; exact while JavaScript can be. */
export function long(name: string): FieldShape {
  return varint(name, readLong);
}

export function flag(name: string): FieldShape {
  return varint(name, (reader) => reader.bool());
}

export function bytes(name: string): FieldShape {
  return delimited((message, reader) => {
    message[name] = reader.raw(reader.pos, reader.len);
    reader.pos = reader.len;
  });
}

export function message(name: string, shape: MessageShape): FieldShape {
  return delimited((holder, reader) => {
    holder[name] = fieldsOf(reader, shape);
  });
}

export function messages(name: string, shape: MessageShape): FieldShape {
  return delimited((holder, reader) => append(holder, name, fieldsOf(reader, shape)));
}

const ENTRY = shapeOf({ 1: text('key'), 2: text('value') });

/** A map of texts, of which this key alone is kept. */
export function entry(name: string, key: string): FieldShape {
  return delimited((holder, reader) => {
    const found = fieldsOf(reader, ENTRY);
    if (found['key'] === key) holder[name] = { [key]: found['value'] ?? '' };
  });
}

const TIME = shapeOf({ 1: long('seconds') });

/** RFC 3339 in whole seconds; absent where Go has its zero. */
export function time(name: string): FieldShape {
  return delimited((holder, reader) => {
    const { seconds } = fieldsOf(reader, TIME);
    if (typeof seconds === 'number') holder[name] = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  });
}

function varint(name: string, read: (reader: protobuf.Reader) => unknown): FieldShape {
  return {
    wireType: VARINT,
    take: (message, reader) => {
      message[name] = read(reader);
    },
  };
}

function delimited(take: FieldShape['take']): FieldShape {
  return { wireType: DELIMITED, take };
}

function append(message: Message, name: string, value: unknown): void {
  const list = message[name] as unknown[] | undefined;
  if (list === undefined) message[name] = [value];
  else list.push(value);
}

function readText(reader: protobuf.Reader): string {
  const { pos, len, buf } = reader;
  reader.pos = len;
  return (buf as Buffer).toString('utf8', pos, len);
}

function readLong(reader: protobuf.Reader): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 70; scale *= 128) {
    const byte = reader.buf[reader.pos];
    if (byte === undefined || reader.pos >= reader.len) break;
    reader.pos += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new Error('a number has no end');
}
