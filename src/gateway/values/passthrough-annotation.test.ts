import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoBool } from '../../model/go-bool.ts';
import { readPassthrough } from './passthrough-annotation.ts';

const OWN = 'sluice.dev/ssl-passthrough';
const NGINX = 'nginx.ingress.kubernetes.io/ssl-passthrough';
const HIGRESS = 'higress.io/ssl-passthrough';

test('true and false are what strconv.ParseBool takes', () => {
  for (const text of ['1', 't', 'T', 'true', 'TRUE', 'True']) assert.equal(parseGoBool(text), true, text);
  for (const text of ['0', 'f', 'F', 'false', 'FALSE', 'False']) assert.equal(parseGoBool(text), false, text);
});

test('other spellings are neither, those of YAML included, and nothing is trimmed', () => {
  const refused = [
    '',
    'tRUE',
    'TrUe',
    'yes',
    'y',
    'on',
    'enabled',
    '2',
    '01',
    '1.0',
    ' true',
    'true ',
    'true\n',
  ];
  for (const text of refused) assert.equal(parseGoBool(text), undefined, JSON.stringify(text));
});

test('one annotation of any of the three is enough', () => {
  for (const annotation of [OWN, NGINX, HIGRESS]) {
    assert.deepEqual(readPassthrough({ [annotation]: 'True' }), {
      asks: true,
      decidedBy: annotation,
      unreadable: [],
    });
  }
});

test('without one nothing is asked for, and other annotations of the same name say nothing', () => {
  const silent = { asks: false, decidedBy: undefined, unreadable: [] };
  assert.deepEqual(readPassthrough({}), silent);
  assert.deepEqual(readPassthrough({ 'haproxy.org/ssl-passthrough': 'true' }), silent);
});

test('the first that can be read decides, also with false', () => {
  assert.equal(readPassthrough({ [NGINX]: 'false', [HIGRESS]: 'true' }).asks, false);
  assert.equal(readPassthrough({ [NGINX]: 'true', [HIGRESS]: 'false' }).asks, true);
  assert.deepEqual(readPassthrough({ [HIGRESS]: 'true', [NGINX]: 'true', [OWN]: '0' }), {
    asks: false,
    decidedBy: OWN,
    unreadable: [],
  });
});

test('a value that cannot be read decides nothing and is told', () => {
  assert.deepEqual(readPassthrough({ [NGINX]: 'yes' }), {
    asks: false,
    decidedBy: undefined,
    unreadable: [{ annotation: NGINX, value: 'yes' }],
  });
  assert.deepEqual(readPassthrough({ [NGINX]: '', [HIGRESS]: '1' }), {
    asks: true,
    decidedBy: HIGRESS,
    unreadable: [{ annotation: NGINX, value: '' }],
  });
});

test('every value that cannot be read is told, by precedence, also beside one that decides', () => {
  assert.deepEqual(readPassthrough({ [HIGRESS]: 'on', [NGINX]: 'enabled', [OWN]: 'true' }), {
    asks: true,
    decidedBy: OWN,
    unreadable: [
      { annotation: NGINX, value: 'enabled' },
      { annotation: HIGRESS, value: 'on' },
    ],
  });
});
