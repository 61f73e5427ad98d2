import { readFileSync } from 'node:fs';

/** At which an Envoy takes no more connections. */
export interface EnvoyLimits {
  readonly maxHeapBytes: number;
  readonly maxConnections: number;
  /** The hard limit of file descriptors where it is known. */
  readonly descriptors: number | undefined;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** As flags say them. */
export interface GivenLimits {
  readonly memoryLimitBytes?: number | undefined;
  readonly maxHeapBytes?: number | undefined;
  readonly maxConnections?: number | undefined;
}

const DEFAULT_HEAP_BYTES = 2 * 1024 ** 3;
const DEFAULT_CONNECTIONS = 100_000;
/** The rest is for what is no heap of Envoy: the kernel's buffers of its sockets, stacks, and what the allocator holds. */
const HEAP_SHARE = 2 / 3;
/** One to the client, one to the backend, and a tenth for those that are being closed while the next attempt is made. */
const DESCRIPTORS_PER_TEN_CONNECTIONS = 22;
/** Of the descriptors, for listening sockets (one for each port and thread), the admin interface, xDS and files; at most 256. */
const DESCRIPTORS_ASIDE = 1 / 4;

/** How many connections an Envoy has descriptors for. With more it accepts some that it cannot serve, and spins. */
export function roomFor(descriptors: number): number {
  const aside = Math.ceil(Math.min(256, descriptors * DESCRIPTORS_ASIDE));
  return Math.max(1, Math.floor(((descriptors - aside) * 10) / DESCRIPTORS_PER_TEN_CONNECTIONS));
}

/**
 * The limits that are given, else those that the container's memory and descriptors leave room for. `descriptors` is the
 * hard limit of Envoy's process where it is known: Envoy raises its soft limit to that by itself (from 1.35 on).
 */
export function envoyLimits(given: GivenLimits, descriptors = Number.POSITIVE_INFINITY): EnvoyLimits {
  const { memoryLimitBytes, maxHeapBytes, maxConnections } = given;
  const heap =
    memoryLimitBytes === undefined ? DEFAULT_HEAP_BYTES : Math.floor(memoryLimitBytes * HEAP_SHARE);
  const room = roomFor(descriptors);
  const wanted = maxConnections ?? DEFAULT_CONNECTIONS;
  const warnings: string[] = [];
  if (wanted > room) {
    const what =
      maxConnections === undefined
        ? `so --max-connections is ${room}, not ${wanted}`
        : `--max-connections ${wanted} is more, and Envoy would run out of them`;
    warnings.push(
      `this process may open ${descriptors} files, which is room for ${room} connections: ${what}; raise the limit (LimitNOFILE= of the service or of containerd), or give --max-connections for where Envoy runs`,
    );
  }
  return {
    maxHeapBytes: maxHeapBytes ?? heap,
    maxConnections: maxConnections ?? Math.min(wanted, room),
    descriptors: Number.isFinite(descriptors) ? descriptors : undefined,
    warnings,
  };
}

/** The hard limit of this process, which those that run beside it have too; undefined where there is none or it cannot be read. */
export function fileDescriptors(path = '/proc/self/limits'): number | undefined {
  try {
    const [, hard = ''] = /^Max open files +\S+ +(\d+) /m.exec(readFileSync(path, 'utf8')) ?? [];
    return hard === '' ? undefined : Number(hard);
  } catch {
    return undefined;
  }
}
