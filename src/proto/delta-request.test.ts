import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { decodeDeltaRequest } from './delta-request.ts';
import { DeltaDiscoveryRequest } from './index.ts';

/** With the versions as an object, whichever form they have. */
function decoded(bytes: Buffer): unknown {
  const { initial_resource_versions: versions, ...rest } = decodeDeltaRequest(bytes);
  if (versions === undefined) return rest;
  const pairs = Symbol.iterator in versions ? versions : Object.entries(versions);
  return {
    ...rest,
    initial_resource_versions: Object.fromEntries(pairs as Iterable<readonly [string, string]>),
  };
}

function general(bytes: Buffer): unknown {
  return { ...DeltaDiscoveryRequest.decode(bytes) };
}

const encode = (request: Parameters<typeof DeltaDiscoveryRequest.encode>[0]) =>
  Buffer.from(DeltaDiscoveryRequest.encode(request));
const ascii = fc.string({ maxLength: 300, unit: 'grapheme-ascii' });
const anyText = fc.oneof({ weight: 5, arbitrary: ascii }, fc.string({ unit: 'binary' }));

function request(text: fc.Arbitrary<string>) {
  return fc.record(
    {
      node: fc.record({ id: text }),
      type_url: text,
      resource_names_subscribe: fc.array(text, { minLength: 1 }),
      resource_names_unsubscribe: fc.array(text, { minLength: 1 }),
      initial_resource_versions: fc.dictionary(text, text, { minKeys: 1 }),
      response_nonce: text,
      error_detail: fc.record({ code: fc.nat(), message: text }),
    },
    { requiredKeys: [] },
  );
}

describe('a request', () => {
  it('means what it means to the general codec, whatever is in it', () => {
    for (const text of [ascii, anyText]) {
      fc.assert(
        fc.property(request(text), (value) => {
          const bytes = encode(value);
          assert.deepEqual(decoded(bytes), general(bytes));
        }),
      );
    }
  });

  it('in any order, in parts, cut or changed, is the same or is refused as there', () => {
    const wire = fc.array(request(ascii), { maxLength: 3 }).map((parts) => Buffer.concat(parts.map(encode)));
    fc.assert(
      fc.property(wire, fc.nat(), fc.option(fc.nat(255)), (bytes, at, byte) => {
        const position = bytes.length === 0 ? 0 : at % bytes.length;
        const changed = byte === null ? bytes.subarray(0, position) : Buffer.from(bytes);
        if (byte !== null && bytes.length > 0) changed[position] = byte;
        const [ours, theirs] = [decoded, general].map((decode) => {
          try {
            return decode(changed);
          } catch {
            return 'refused';
          }
        });
        assert.deepEqual(ours, theirs);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps 20,000 versions as bytes', () => {
    const versions = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`cluster-${index}`, `version-${index}`]),
    );
    const bytes = encode({ type_url: 't', initial_resource_versions: versions });
    const { initial_resource_versions: pairs = {} } = decodeDeltaRequest(bytes);
    assert.ok(Symbol.iterator in pairs);
    assert.deepEqual(Object.keys(pairs), []);
    assert.deepEqual(Object.fromEntries(pairs), versions);
  });

  it('a request of millions of empty fields takes little memory', { timeout: 60_000 }, async () => {
    const decode = `
      const { workerData } = require('node:worker_threads');
      import(workerData.module).then(({ decodeDeltaRequest }) =>
        decodeDeltaRequest(Buffer.alloc(8_000_000, Buffer.from([0x12, 0x00]))));`;
    const worker = new Worker(decode, {
      eval: true,
      workerData: { module: new URL('./delta-request.ts', import.meta.url).href },
      resourceLimits: { maxOldGenerationSizeMb: 200 },
    });
    const [code] = await once(worker, 'exit');
    assert.equal(code, 0);
  });
});
