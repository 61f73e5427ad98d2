import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOLDENS, goldenIndexListener, presentIndexListener } from './index-listener.ts';

const REASON = `
The bytes of the listener or of its index chain have changed. Whoever upgrades to this version loses every tenant's
long-lived connections: Envoy drains a filter chain whose message differs, and all of a listener of which anything
but filter chains differs, and closes what is left after its drain time.

Undo the change, or steer what it is for from elsewhere: a field of the cluster, the matcher, a chain beside the
index chain, a runtime key. test/scenarios/index-listener/README.md tells more. If every connection may really be dropped:

  npm run golden -- --accept-draining-every-connection

and say so in CHANGELOG.md, where operators look before they upgrade.
`;

for (const name of GOLDENS) {
  test(`the index chain and the listener around it are byte for byte what they were: ${name}`, async (context) => {
    const golden = await goldenIndexListener(name);
    const present = presentIndexListener(name);
    // Field by field first: it shows what has changed.
    await context.test('as YAML', () => sameOrReason(present.yaml, golden.yaml));
    await context.test('as bytes', () => sameOrReason(present.hex, golden.hex));
  });
}

function sameOrReason(present: string, golden: string): void {
  try {
    assert.equal(present, golden);
  } catch (error) {
    throw new Error(`${REASON}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
