/**
 * The file of a node's state: a line of text that says of which control plane it is, then what the control plane said, as records in the
 * form of its own responses. It begins with everything; what changes is appended. A record of the time closes what
 * belongs together, so the file can be cut off anywhere behind the first of these and is still what was true once.
 */
import { crc32 } from 'node:zlib';
import type { EncodedResource } from '../snapshot/resources/resource.ts';
import { encodeResponse } from '../xds/service.ts';
import { readResponse } from './discovery-messages.ts';
import { RelayedResource } from './relayed-resource.ts';
import { RELAYED_TYPES, type RelayedResources, type ResourceUpdate } from './relayed-resources.ts';

/** Grows with every change of what this file describes. */
export const STATE_FORMAT = 1;

/** Which control plane said it. */
export interface UpstreamIdentity {
  /** Its addresses, in order. */
  readonly addresses: readonly string[];
  /** SHA-256, in hex, of the authorities that it is believed by; `''` without TLS. */
  readonly authority: string;
}

export type ReadState =
  | {
      readonly type: 'state';
      /** Unix time in milliseconds at which it was true. */
      readonly at: number;
      readonly updates: readonly ResourceUpdate[];
      /** Behind the last record of the time. */
      readonly unreadBytes: number;
    }
  | { readonly type: 'damaged' | 'foreign' | 'other-version'; readonly why: string };

const MAGIC = 'sluice-node-state';
const MAX_HEADER_BYTES = 16 * 1024;
/** Length and CRC-32 of what follows, then what kind of record it is. */
const HEAD = 9;
const KIND = { response: 1, time: 2 } as const;
const RECORD_RESOURCES = 500;

export function encodeHeader(identity: UpstreamIdentity): Buffer {
  const text = JSON.stringify({ format: STATE_FORMAT, ...identity });
  return Buffer.from(`${MAGIC} ${crc32(text)} ${text}\n`);
}

/** `response`: an encoded `DeltaDiscoveryResponse`. */
export function encodeResponseRecord(response: Uint8Array): Buffer {
  return encodeRecord(KIND.response, response);
}

/** All before this was true at that time, and it was all there was. */
export function encodeTime(at: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeDoubleLE(at);
  return encodeRecord(KIND.time, payload);
}

/** Everything that there is; a record for each call, so that the event loop is not held. */
export function* encodeResources(resources: RelayedResources): Generator<Buffer, void, void> {
  for (const typeUrl of RELAYED_TYPES) {
    let batch: EncodedResource[] = [];
    for (const resource of resources.all(typeUrl)) {
      batch.push(resource);
      if (batch.length < RECORD_RESOURCES) continue;
      yield encodeBatch(typeUrl, batch);
      batch = [];
    }
    if (batch.length > 0) yield encodeBatch(typeUrl, batch);
  }
}

function encodeBatch(typeUrl: string, batch: readonly EncodedResource[]): Buffer {
  return encodeResponseRecord(
    encodeResponse({ typeUrl, nonce: '', batch: { resources: batch, removed: [] } }, ''),
  );
}

function encodeRecord(kind: number, payload: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(HEAD + payload.length);
  record.writeUInt32LE(payload.length, 0);
  record[8] = kind;
  record.set(payload, HEAD);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

/** What a file holds that is of this control plane. Never throws, whatever the bytes are. */
export function readState(bytes: Buffer, identity: UpstreamIdentity): ReadState {
  const headerEnd = bytes.subarray(0, MAX_HEADER_BYTES).indexOf('\n');
  const header = headerEnd < 0 ? undefined : parseHeader(bytes.toString('utf8', 0, headerEnd));
  if (header === undefined) return { type: 'damaged', why: 'it does not begin as a state does' };
  if (header.format !== STATE_FORMAT)
    return {
      type: 'other-version',
      why: `it has format ${header.format}, and this Sluice reads ${STATE_FORMAT}`,
    };
  const [theirs, ours] = [nameOf(header), nameOf(identity)];
  if (theirs !== ours) return { type: 'foreign', why: `it is of ${theirs}, and this is ${ours}` };
  try {
    return readRecords(bytes, headerEnd + 1);
  } catch (error) {
    return { type: 'damaged', why: error instanceof Error ? error.message : String(error) };
  }
}

function readRecords(bytes: Buffer, start: number): ReadState {
  const updates: ResourceUpdate[] = [];
  let last: { readonly at: number; readonly updates: number; readonly end: number } | undefined;
  for (let at = start; at + HEAD <= bytes.length; ) {
    const end = at + HEAD + bytes.readUInt32LE(at);
    if (end > bytes.length || crc32(bytes.subarray(at + 8, end)) !== bytes.readUInt32LE(at + 4)) break;
    const payload = bytes.subarray(at + HEAD, end);
    if (bytes[at + 8] === KIND.time) last = { at: payload.readDoubleLE(), updates: updates.length, end };
    else updates.push(updateOf(payload));
    at = end;
  }
  if (last === undefined)
    return { type: 'damaged', why: 'it is cut off, or one of its first bytes is wrong' };
  return {
    type: 'state',
    at: last.at,
    updates: updates.slice(0, last.updates),
    unreadBytes: bytes.length - last.end,
  };
}

function updateOf(response: Buffer): ResourceUpdate {
  const { typeUrl, resources, removed } = readResponse(response);
  return { typeUrl, resources: resources.map((each) => new RelayedResource(typeUrl, each)), removed };
}

interface Header extends UpstreamIdentity {
  readonly format: number;
}

function parseHeader(line: string): Header | undefined {
  const [magic, checksum, ...rest] = line.split(' ');
  const text = rest.join(' ');
  if (magic !== MAGIC || checksum !== String(crc32(text))) return undefined;
  try {
    return JSON.parse(text) as Header;
  } catch {
    return undefined;
  }
}

function nameOf({ addresses, authority }: UpstreamIdentity): string {
  return `the control plane at ${addresses.join(', ')} (authority ${authority.slice(0, 16) || 'none'})`;
}
