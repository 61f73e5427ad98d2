import process from 'node:process';
import autocannon from 'autocannon';
import { GATEWAY_PORT } from '../world/manifests.ts';
import type { LoadRequest, LoadResult } from './load.ts';

const CONNECTIONS = 20;
/** So that handshakes are part of the load. */
const REQUESTS_PER_CONNECTION = 50;

process.on('message', async ({ host, seconds, requestsPerSecond }: LoadRequest) => {
  const result = await autocannon({
    url: `https://127.0.0.1:${GATEWAY_PORT}`,
    servername: host,
    connections: CONNECTIONS,
    duration: seconds,
    overallRate: requestsPerSecond,
    reconnectRate: REQUESTS_PER_CONNECTION,
  });
  const { requests, latency, errors, timeouts, non2xx } = result;
  const answer: LoadResult = {
    requestsPerSecond: requests.average,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    maxMs: latency.max,
    errors: errors + timeouts + non2xx,
  };
  process.send?.(answer);
});
process.send?.({});
