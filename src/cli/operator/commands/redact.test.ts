import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redacted, withoutClients } from './redact.ts';

describe('what leaves the house', () => {
  for (const [what, text] of [
    ['a key', '-----BEGIN EC PRIVATE KEY-----\nhush\nhush\n-----END EC PRIVATE KEY-----'],
    ['a key in JSON', '{"tls.key": "-----BEGIN PRIVATE KEY-----\\nhush\\n-----END PRIVATE KEY-----\\n"}'],
    ['a bearer token', 'Authorization: Bearer hush.hush'],
    ['a basic authorization', 'authorization: Basic hush=='],
    ['a token of Kubernetes by itself', 'got eyJhush.eyJhush.hush_hush from it'],
    ['a password in JSON', '{"password": "hush"}'],
    ['a password with blanks and quotes', '{"password": "hush \\"hush\\" hush"}'],
    ['JSON in a line of JSON', '{"msg": "{\\"token\\": \\"hush\\"}"}'],
    ['an argument', '--token=hush --client-secret hushless --secret=hush'],
    ['YAML', 'password: hush\ntoken: "hush hush"\n'],
  ] as const)
    it(`is without ${what}`, () => {
      assert.doesNotMatch(redacted(text).replace('hushless', ''), /hush/);
    });

  it('is otherwise as it was, and JSON stays JSON', () => {
    const value = {
      msg: 'MountVolume.SetUp failed for volume "tls": secret "sluice-tls" not found',
      volumes: [{ secret: { secretName: 'sluice-tls' } }, { secret: ['a'] }],
      nothing: { token: '' },
      host: 'token.example.com',
    };
    assert.deepEqual(JSON.parse(redacted(JSON.stringify(value, null, 2))), {
      ...value,
      nothing: { token: '(left out)' },
    });
    const hidden = { a: { password: 'x', b: 1 }, args: ['--token=x', 'c'], n: { token: null, secret: 12 } };
    const shown = redacted(JSON.stringify({ hidden, msg: JSON.stringify(hidden) }));
    const { hidden: direct, msg } = JSON.parse(shown) as { hidden: unknown; msg: string };
    const left = '(left out)';
    const expected = {
      a: { password: left, b: 1 },
      args: [`--token=${left}`, 'c'],
      n: { token: left, secret: left },
    };
    assert.deepEqual(direct, expected);
    assert.deepEqual(JSON.parse(msg), expected);
  });

  it('has no addresses of clients in logs of Envoy', () => {
    const log = [
      '{"msg":"Envoy connected","node":"gw-1"}',
      '{"downstream_remote_address":"192.0.2.7:4711","sni":"demo.example.com"}',
      '{"client":"192.0.2.8"}',
      'the last line',
    ];
    assert.equal(withoutClients(log.join('\n')), [log[0], log[3]].join('\n'));
  });
});
