import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ENGINE_CONFIG } from '../config.ts';
import { type ClusterSettings, clusterSettings, SETTINGS_FIELDS } from './cluster-settings.ts';
import { EncodedSettings } from './encoded-settings.ts';

/** Of every field, so that a new one is a type error here. */
const fields: { readonly [F in keyof ClusterSettings]: fc.Arbitrary<ClusterSettings[F]> } = {
  connectTimeoutMs: fc.integer({ min: 1, max: 300_000 }),
  maxConnections: fc.integer({ min: 1, max: 10_000_000 }),
  stats: fc.boolean(),
};

const settings: fc.Arbitrary<ClusterSettings> = fc.record(fields, { noNullPrototype: true });

function bytes(of: ClusterSettings): string {
  return Buffer.from(SETTINGS_FIELDS.of(of)).toString('hex');
}

test('equal settings give equal bytes, whoever has them, and settings that differ in any one field differ in bytes', () => {
  for (const field of Object.keys(fields) as (keyof ClusterSettings)[]) {
    fc.assert(
      fc.property(settings, fields[field], (one, value) => {
        const other: ClusterSettings = { ...one, [field]: value };
        assert.equal(bytes({ ...one }), bytes(one));
        assert.equal(bytes(other) === bytes(one), other[field] === one[field], field);
      }),
    );
  }
});

test('the table of fields here is that of the settings', () => {
  assert.deepEqual(
    Object.keys(clusterSettings({}, DEFAULT_ENGINE_CONFIG, 1)).sort(),
    Object.keys(fields).sort(),
  );
});

test('what is encoded is what the key says, whatever fields the settings have', () => {
  const asText = new EncodedSettings<object>((given) => Buffer.from(JSON.stringify(given)));
  const value = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.record({ a: fc.integer() }));
  const any = fc.dictionary(fc.string({ maxLength: 2 }), value, { maxKeys: 3, noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 20 }), (all) => {
      for (const given of [...all, ...all]) {
        assert.equal(Buffer.from(asText.of(given)).toString(), JSON.stringify(given));
      }
    }),
  );
});

test('as many settings as tenants come up with take a bounded memory and are all encoded', () => {
  let encoded = 0;
  const counted = new EncodedSettings<{ n: number }>(({ n }) => {
    encoded += 1;
    return Buffer.from(String(n));
  });
  for (let n = 0; n < 2_500; n++) assert.equal(Buffer.from(counted.of({ n })).toString(), String(n));
  counted.of({ n: 2_499 });
  assert.equal(encoded, 2_500);
});
