/**
 * The file of a state: a line of text that says whose it is, the objects as they were at one moment, up to where each kind had been
 * read by then, and after that the changes as they came. So it can be cut off anywhere after the objects, as a crash may
 * leave it, and is still a state that was true once.
 */
import { crc32 } from 'node:zlib';
import type { Lane } from '../event-loop/turns.ts';
import type { ObjectEvent } from '../model/events.ts';
import type { KubernetesObject } from '../model/objects.ts';
import type { KindPosition } from '../model/positions.ts';
import type { ClusterIdentity } from '../model/saved-state.ts';
import { decodePayload, encodeRecord, payloads } from './records.ts';

/** Grows with every change of what `src/model/objects.ts` or this file describes; see `state-format.test.ts`. */
export const STATE_FORMAT = 2;

/** Who writes, and of which cluster: what a reader must have in common with it. */
export interface StateOwner {
  /** Version of Sluice. */
  readonly sluice: string;
  readonly cluster: ClusterIdentity;
}

/** Objects in one record: 1 ms of work. */
const RECORD_OBJECTS = 200;
const MAGIC = 'sluice-state';
export const MAX_HEADER_BYTES = 4096;

interface Header extends StateOwner {
  readonly format: number;
  /** Of V8, whose serialization may change. */
  readonly v8: string;
}

/** All objects are there, and this far the kinds were read. */
interface Complete {
  readonly type: 'complete';
  readonly at: number;
  readonly objects: number;
  readonly positions: readonly KindPosition[];
}

interface Changes {
  readonly type: 'changes';
  readonly at: number;
  readonly events: readonly ObjectEvent[];
  readonly positions: readonly KindPosition[];
}

interface Objects {
  readonly type: 'objects';
  readonly objects: readonly KubernetesObject[];
}

type StateRecord = Objects | Complete | Changes;

export type ReadState =
  | {
      readonly type: 'state';
      readonly at: number;
      readonly positions: readonly KindPosition[];
      readonly batches: readonly (readonly ObjectEvent[])[];
      /** At the end, that could not be read: of changes that were being written when Sluice died, say. */
      readonly unreadBytes: number;
    }
  | { readonly type: 'damaged' | 'foreign' | 'other-version'; readonly why: string };

export function encodeHeader(owner: StateOwner): Buffer {
  const header: Header = { format: STATE_FORMAT, v8: process.versions.v8, ...owner };
  const text = JSON.stringify(header);
  return Buffer.from(`${MAGIC} ${crc32(text)} ${text}\n`);
}

/** The records of the objects, one for each call, so that the event loop is not held. */
export function* encodeObjects(objects: readonly KubernetesObject[]): Generator<Buffer, void, void> {
  for (let start = 0; start < objects.length; start += RECORD_OBJECTS)
    yield encode({ type: 'objects', objects: objects.slice(start, start + RECORD_OBJECTS) });
}

export function encodeComplete(complete: Omit<Complete, 'type'>): Buffer {
  return encode({ type: 'complete', ...complete });
}

export function encodeChanges(changes: Omit<Changes, 'type'>): Buffer {
  return encode({ type: 'changes', ...changes });
}

function encode(record: StateRecord): Buffer {
  return encodeRecord(record);
}

/** What a file holds for this owner. Never throws, whatever the bytes are. */
export async function readState(bytes: Buffer, owner: StateOwner, lane: Lane): Promise<ReadState> {
  const refused = refusalOf(bytes, owner);
  if (refused !== undefined) return refused;
  try {
    return await readRecords(bytes, bytes.indexOf('\n') + 1, lane);
  } catch (error) {
    return { type: 'damaged', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Why a file is none for this owner, by its first `MAX_HEADER_BYTES`; `undefined`: it is one, as far as they tell. */
export function refusalOf(
  bytes: Buffer,
  owner: StateOwner,
): Exclude<ReadState, { readonly type: 'state' }> | undefined {
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf('\n');
  const header = end < 0 ? undefined : parseHeader(bytes.toString('utf8', 0, end));
  if (header === undefined) return { type: 'damaged', why: 'it does not begin as a state does' };
  const { format, v8, sluice, cluster } = header;
  if (format !== STATE_FORMAT || sluice !== owner.sluice || v8 !== process.versions.v8)
    return {
      type: 'other-version',
      why: `it is of Sluice ${sluice} (format ${format}, V8 ${v8}), and this is Sluice ${owner.sluice} (format ${STATE_FORMAT}, V8 ${process.versions.v8})`,
    };
  if (isSameCluster(cluster, owner.cluster)) return undefined;
  return { type: 'foreign', why: `it is of ${nameOf(cluster)}, and this is ${nameOf(owner.cluster)}` };
}

async function readRecords(bytes: Buffer, start: number, lane: Lane): Promise<ReadState> {
  const batches: (readonly ObjectEvent[])[] = [];
  let last: Complete | Changes | undefined;
  let objects = 0;
  let read = start;
  for (const { payload, end } of payloads(bytes, start)) {
    const record = await lane.run(() => decodePayload(payload) as StateRecord);
    read = end;
    switch (record.type) {
      case 'objects':
        objects += record.objects.length;
        batches.push(record.objects.map((object) => ({ type: 'upsert', object })));
        break;
      case 'complete':
        if (record.objects !== objects)
          return { type: 'damaged', why: `${objects} of its ${record.objects} objects are there` };
        last = record;
        break;
      case 'changes':
        batches.push(record.events);
        last = record;
        break;
    }
  }
  if (last === undefined)
    return { type: 'damaged', why: 'it is cut off, or one of its first bytes is wrong' };
  const { at, positions } = last;
  return { type: 'state', at, positions, batches, unreadBytes: bytes.byteLength - read };
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

/** What is not known of one of the two cannot tell them apart. */
function isSameCluster(a: ClusterIdentity, b: ClusterIdentity): boolean {
  return (
    a.server === b.server && a.authority === b.authority && (a.uid === b.uid || a.uid === '' || b.uid === '')
  );
}

function nameOf({ server, authority, uid }: ClusterIdentity): string {
  return `the cluster at ${server} (authority ${authority.slice(0, 12) || 'unknown'}, uid ${uid || 'unknown'})`;
}
