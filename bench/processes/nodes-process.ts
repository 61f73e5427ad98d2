/** Many simulated nodes in one process. Answers each message when every node has what it asks for. */
import process from 'node:process';
import { monotonicMs } from '../clock.ts';
import type { Awaited, NodesAnswer } from './nodes.ts';
import { SimulatedNode } from './simulated-node.ts';

const [port = 0, count = 0] = process.argv.slice(2).map(Number);

let wanted: Awaited | undefined;

const nodes = Array.from({ length: count }, (_, index) => {
  return new SimulatedNode(`simulated-${index}`, port, answerIfDone);
});

function hasAll(node: SimulatedNode, { resources = {}, responses = {} }: Awaited): boolean {
  return (
    Object.entries(resources).every(([typeUrl, least]) => (node.resources[typeUrl] ?? 0) >= least) &&
    Object.entries(responses).every(([typeUrl, least]) => (node.responses[typeUrl] ?? 0) >= least)
  );
}

function answerIfDone(): void {
  const awaited = wanted;
  if (awaited === undefined || !nodes.every((node) => hasAll(node, awaited))) return;
  wanted = undefined;
  const sum = (pick: (node: SimulatedNode) => number) => nodes.reduce((total, node) => total + pick(node), 0);
  const answer: NodesAnswer = {
    at: monotonicMs(),
    bytesReceived: sum(({ bytesReceived }) => bytesReceived),
    bytesSent: sum(({ bytesSent }) => bytesSent),
  };
  process.send?.(answer);
}

process.on('message', (message: Awaited) => {
  wanted = message;
  answerIfDone();
});
for (const node of nodes) node.connect();
process.send?.({});
