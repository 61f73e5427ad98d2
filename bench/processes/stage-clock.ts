/**
 * Loaded into Sluice before its own code (`node --import`): notes when a change passes which stage, and tells the
 * benchmark when asked. It sits around public methods, so that what is measured is the program as it is shipped.
 */
import process from 'node:process';
import { Engine } from '../../src/snapshot/engine/engine.ts';
import { FlushLoop } from '../../src/snapshot/engine/flush-loop.ts';
import { ResourceTable } from '../../src/snapshot/resources/resource-table.ts';
import { AdsStream } from '../../src/xds/stream.ts';
import { monotonicMs } from '../clock.ts';
import type { Mark, Stage } from './marks.ts';

/** A cold start makes some hundreds. */
const MOST_MARKS = 100_000;

let marks: Mark[] = [];

function mark(stage: Stage, detail = '', count = 0): void {
  if (marks.length < MOST_MARKS) marks.push({ stage, at: monotonicMs(), detail, count });
}

const take = Engine.prototype.takeEvents;
Engine.prototype.takeEvents = function (this: Engine, events) {
  mark('event', '', events.length);
  take.call(this, events);
};

const synced = FlushLoop.prototype.synced;
FlushLoop.prototype.synced = function (this: FlushLoop) {
  mark('synced');
  synced.call(this);
};

const setReady = ResourceTable.prototype.setReady;
ResourceTable.prototype.setReady = function (this: ResourceTable) {
  if (!this.ready) mark('ready');
  setReady.call(this);
};

const next = AdsStream.prototype.next;
AdsStream.prototype.next = function (this: AdsStream) {
  const response = next.call(this);
  if (response !== undefined) mark('send', response.typeUrl, response.batch.resources.length);
  return response;
};

const request = AdsStream.prototype.request;
AdsStream.prototype.request = function (this: AdsStream, message) {
  const outcome = request.call(this, message);
  if (outcome.acknowledged !== undefined) {
    mark('ack', outcome.acknowledged.typeUrl, outcome.acknowledged.resources);
  } else if (outcome.rejected !== undefined) mark('nack', outcome.rejected.typeUrl);
  return outcome;
};

process.on('message', () => {
  process.send?.(marks);
  marks = [];
});
// It is no reason to go on running.
process.channel?.unref();
