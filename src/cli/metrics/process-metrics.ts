import { totalmem } from 'node:os';
import process from 'node:process';
import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { version } from '../version.ts';
import { gauge, gauges } from './gauges.ts';

/** Gauges whose names end as those of counters do; what they count is in the metrics without the ending, by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
] as const;

/** Metrics of this process, and which Sluice it is. */
export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const build = { version: version(), node: process.versions.node };
  gauges(
    registry,
    'sluice_build_info',
    'Always 1: the version of Sluice, and that of Node.js.',
    ['version', 'node'],
    () => [[build, 1]],
  );
  gauge(
    registry,
    'sluice_memory_limit_bytes',
    'Most memory that this process may take (its cgroup, or the machine).',
    memoryLimit,
  );
  gauge(
    registry,
    'sluice_heap_limit_bytes',
    'Most that the heap of Node.js may take; a full heap ends the process.',
    () => getHeapStatistics().heap_size_limit,
  );
}

/** 0, or more than there is, says that there is no limit. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
