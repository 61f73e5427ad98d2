import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeEvent } from '../../admin/api/shapes.ts';
import { CliError, EXIT, type ExitCode } from '../../cli-error.ts';
import type { Replica } from '../find/replica.ts';
import { findReplicas } from '../find/replicas.ts';
import type { WatchConfig } from '../operator-flags.ts';
import { paintFor } from '../render/paint.ts';
import { printable } from '../render/text-table.ts';
import { ChangeView } from './change-view.ts';
import { serverSentEvents } from './server-sent-events.ts';

const AGAIN_MS = 1_000;

/** `sluice watch`: prints changes as they go through all replicas, until it is interrupted or has seen enough. */
export async function watch(config: WatchConfig): Promise<ExitCode> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const replicas = await findReplicas(config);
    const view = new ChangeView({
      replicas: replicas.length,
      paint: paintFor(config),
      format: config.output,
    });
    const take = (replica: string, event: ChangeEvent): void => {
      process.stdout.write(view.take(replica, event));
      if (config.count !== undefined && view.doneCount >= config.count) end.abort();
    };
    const first = replicas.map((replica) => opened(replica, end.signal));
    const opening = await Promise.allSettled(first);
    const reasons = opening.flatMap((each) => (each.status === 'rejected' ? [messageOf(each.reason)] : []));
    if (reasons.length === replicas.length) throw refusal(reasons);
    for (const reason of reasons) process.stderr.write(`note: ${printable(reason)}\n`);
    await Promise.all(replicas.map((replica, index) => follow(replica, first[index], take, end.signal)));
    return EXIT.ok;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function opened(replica: Replica, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
  return replica.stream('/api/v1/changes', signal);
}

/** A replica that restarts is followed again. */
async function follow(
  replica: Replica,
  first: Promise<AsyncIterable<Buffer>> | undefined,
  take: (replica: string, event: ChangeEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let stream = first; !signal.aborted; stream = opened(replica, signal)) {
    try {
      for await (const { data } of serverSentEvents((await stream) ?? [])) {
        take(replica.name, JSON.parse(data) as ChangeEvent);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      process.stderr.write(`note: replica ${replica.name}: ${printable(messageOf(error))}; asking again\n`);
    }
    await delay(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

function refusal(reasons: readonly string[]): CliError {
  const [, code, message] = /^(SLUICE_[A-Z_]+): (.*)$/s.exec(reasons[0] ?? '') ?? [];
  if (code !== undefined && message !== undefined) {
    const isBusy = code === 'SLUICE_ADMIN_BUSY' || code === 'SLUICE_ADMIN_REVIEW';
    return new CliError(code, isBusy ? EXIT.unavailable : EXIT.noPermission, message);
  }
  return new CliError(
    'SLUICE_SERVER_UNREACHABLE',
    EXIT.unavailable,
    `no replica of Sluice answers: ${reasons.join('; ')}`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
