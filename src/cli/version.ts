import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of Sluice, from the package: beside `src` in a checkout, one level further up in what is published. */
export function version(): string {
  for (const up of ['../..', '../../..']) {
    try {
      const text = readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // The other place.
    }
  }
  return 'unknown';
}
