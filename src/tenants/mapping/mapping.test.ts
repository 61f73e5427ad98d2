import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readExpression, type TenantVariables } from './expression.ts';
import { MappingError, readMapping } from './read-mapping.ts';
import { SHIPPED_MAPPINGS } from './shipped.ts';
import { readTemplate } from './template.ts';

const SETTINGS = {
  domain: 'stage.example.com',
  gateway: { namespace: 'infra', name: 'public', sectionName: undefined },
};

function variables(more: Partial<TenantVariables> = {}): TenantVariables {
  return { name: 'demo', namespace: 'shop', domain: '', metadata: {}, spec: {}, status: {}, ...more };
}

describe('an expression', () => {
  it('that is a path gives what is there, and the same as CEL does', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(fc.integer(), fc.constantFrom('x', 'y'), fc.dictionary(key, tie('node'))),
    })).node;
    const path = fc.array(key, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.dictionary(key, tree), path, (tried, steps) => {
        const status = JSON.parse(JSON.stringify(tried)) as object;
        const text = `status.${steps.join('.')}`;
        const given = variables({ status });
        const found = readExpression(text)(given);
        // In parentheses it is no path, and CEL reads it.
        const cel = readExpression(`(${text})`)(given);
        if (found.type === 'value')
          assert.deepEqual(JSON.parse(JSON.stringify(cel)), JSON.parse(JSON.stringify(found)));
        else assert.notEqual(cel.type, 'value');
      }),
    );
  });

  it('takes list entries, and keys with slashes', () => {
    const metadata = { annotations: { 'a/b': 'yes' } };
    const spec = { hosts: ['one', 'two'] };
    const given = variables({ metadata, spec });
    assert.deepEqual(readExpression("metadata.annotations['a/b']")(given), { type: 'value', value: 'yes' });
    assert.deepEqual(readExpression('spec.hosts[1]')(given), { type: 'value', value: 'two' });
    assert.deepEqual(readExpression('spec.hosts[2]')(given), { type: 'absent' });
  });

  it('that is not right fails when it is read or when it is asked, never by throwing then', () => {
    assert.throws(() => readExpression('nothing.here'), /nothing is not there/);
    assert.throws(() => readExpression('status.a +'));
    assert.equal(readExpression('status.a + 1')(variables({ status: { a: {} } })).type, 'failed');
    assert.equal(readExpression('(status.a) + "b"')(variables()).type, 'absent');
    assert.deepEqual(readExpression('1 + 2')(variables()), { type: 'value', value: 3 });
  });
});

describe('a template', () => {
  it('joins texts and values', () => {
    const template = readTemplate('{name}-cp.{spec.domain}');
    assert.deepEqual(template(variables({ spec: { domain: 'example.com' } })), {
      type: 'text',
      text: 'demo-cp.example.com',
    });
    assert.deepEqual(template(variables()), { type: 'absent' });
  });

  it('refuses braces without partners, and values that are no text', () => {
    assert.throws(() => readTemplate('{name'), /without its partner/);
    assert.throws(() => readTemplate('name}'), /without its partner/);
    assert.equal(readTemplate('{spec}')(variables()).type, 'failed');
  });
});

describe('a mapping', () => {
  it('comes with Sluice, each of which can be read', () => {
    for (const [name, text] of Object.entries(SHIPPED_MAPPINGS)) {
      assert.equal(readMapping(text, SETTINGS).name, name);
      assert.ok(text.endsWith('\n'));
    }
  });

  const good = SHIPPED_MAPPINGS['kdccluster'] ?? '';
  for (const [what, text, message] of [
    ['no YAML', '{', /^no YAML/],
    ['no map', '7', /^the mapping: not a map/],
    ['a field that there is not', `${good}\nhost: x`, /^the mapping: there is no field host/],
    ['no watch', good.replace(/^watch.*$/m, ''), /^watch: not a map/],
    ['a version that is none', good.replace('v1alpha1', 'latest'), /^watch\.versions\[0\]: "latest"/],
    ['no ports', good.replace(/^ports:[\s\S]*/m, 'ports: []'), /^ports: not a list/],
    ['CEL that is none', good.replace('name}-cp', 'name +}-cp'), /^ports\[0\]\.hosts\[0\]: /],
    ['a port that is none', good.replace('6443', '70000'), /^ports\[0\]\.servicePort/],
    ['a name that is no label', good.replace('name: kdccluster', 'name: A B'), /^name: /],
  ] as const) {
    it(`that has ${what} is refused with the place`, () => {
      assert.throws(
        () => readMapping(text, SETTINGS),
        (error) => error instanceof MappingError && message.test(error.message),
      );
    });
  }

  it('needs the domain and the Gateway that it does not name itself', () => {
    assert.throws(() => readMapping(good, { ...SETTINGS, domain: '' }), /give --domain/);
    assert.throws(() => readMapping(good, { ...SETTINGS, gateway: undefined }), /give --gateway/);
  });
});
