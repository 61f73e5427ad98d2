import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayModel } from '../../model/gateway.ts';
import type { Gateway, KubernetesObject } from '../../model/objects.ts';
import {
  CONFIG,
  configWith,
  gateway,
  gatewayClass,
  listener,
  lookupOf,
  messageOf,
  stateOf,
} from '../test-objects.ts';
import { evaluateGateway } from './evaluate-gateway.ts';

function evaluate(
  object: Gateway,
  config = CONFIG,
  objects: readonly KubernetesObject[] = [gatewayClass()],
): GatewayModel {
  const model = evaluateGateway(object, lookupOf(objects, config), config);
  assert.ok(model !== undefined, 'the Gateway is ours');
  return model;
}

function bindingNames(model: GatewayModel): string[] {
  return model.listeners.flatMap(({ bindings }) => bindings.map(({ name }) => name));
}

test('a Gateway of our class is accepted and served on the merged binding', () => {
  const model = evaluate(gateway());
  assert.equal(stateOf(model.conditions, 'Accepted'), 'True Accepted');
  assert.equal(stateOf(model.conditions, 'Programmed'), 'True Programmed');
  assert.deepEqual(bindingNames(model), ['0.0.0.0:443']);
  assert.deepEqual(model.addresses, ['0.0.0.0']);
});

test('every condition carries the observed generation', () => {
  const model = evaluate(gateway({ listeners: [listener(), listener({ name: 'bad', protocol: 'TCP' })] }));
  const all = [...model.conditions, ...model.listeners.flatMap(({ conditions }) => conditions)];
  assert.deepEqual([...new Set(all.map(({ observedGeneration }) => observedGeneration))], [3]);
});

test('a Gateway is ours by the controller of its class', () => {
  const evaluateWith = (objects: readonly KubernetesObject[], config = CONFIG) =>
    evaluateGateway(gateway(), lookupOf(objects), config) !== undefined;
  assert.equal(evaluateWith([]), false, 'class does not exist');
  assert.equal(evaluateWith([gatewayClass('sluice', 'other.example/controller')]), false);
  const adopting = configWith({
    controllerNames: ['sluice.dev/gateway-controller', 'higress.io/gateway-controller'],
  });
  assert.equal(evaluateWith([gatewayClass('sluice', 'higress.io/gateway-controller')], adopting), true);
});

test('an adopted class name counts only where no class object exists', () => {
  const config = configWith({ adoptedClasses: ['higress'] });
  const object = gateway({ gatewayClassName: 'higress' });
  assert.ok(evaluateGateway(object, lookupOf([]), config) !== undefined);
  const foreign = [gatewayClass('higress', 'other.example/controller')];
  assert.equal(evaluateGateway(object, lookupOf(foreign), config), undefined);
});

test('only the class is looked up where nothing else is needed', () => {
  const lookup = lookupOf([gatewayClass()]);
  evaluateGateway(gateway(), lookup, CONFIG);
  assert.deepEqual(lookup.calls, ['GatewayClass /sluice']);
});

test('each address of type IPAddress is a binding of its own on every port', () => {
  const addresses = [
    { type: 'IPAddress', value: '168.119.17.49' },
    { type: 'IPAddress', value: '2A01:4f8::0:1' },
    { type: 'IPAddress', value: '2a01:4f8::1' },
  ];
  const listeners = [listener(), listener({ name: 'konnectivity', port: 8132 })];
  const model = evaluate(gateway({ addresses, listeners }));
  assert.deepEqual(bindingNames(model), [
    '168.119.17.49:443',
    '[2a01:4f8::1]:443',
    '168.119.17.49:8132',
    '[2a01:4f8::1]:8132',
  ]);
  assert.deepEqual(model.addresses, ['168.119.17.49', '2a01:4f8::1']);
});

test('a merged Gateway is bound to all addresses of the node, named after the first', () => {
  const model = evaluate(gateway(), configWith({ listenAddresses: ['0.0.0.0', '::'] }));
  assert.deepEqual(model.listeners[0]?.bindings, [
    { name: '0.0.0.0:443', addresses: ['0.0.0.0', '::'], port: 443 },
  ]);
});

test('"an address that was provided is a type which is not supported": UnsupportedAddress', () => {
  const addresses = [
    { type: 'Hostname', value: 'gw.example.com' },
    { type: 'IPAddress', value: '10.0.0.9' },
  ];
  const model = evaluate(gateway({ addresses }));
  assert.equal(stateOf(model.conditions, 'Accepted'), 'False UnsupportedAddress');
  assert.match(messageOf(model.conditions, 'Accepted'), /Hostname gw\.example\.com/);
  assert.equal(stateOf(model.conditions, 'Programmed'), 'False Invalid');
  // Tenants on the address that is right are not cut off.
  assert.deepEqual(bindingNames(model), ['10.0.0.9:443']);
});

test('"unable to use an address that was provided": AddressNotUsable, and accepted all the same', () => {
  for (const value of ['10.0.0.300', '224.0.0.1', 'gw']) {
    const addresses = [
      { type: 'IPAddress', value },
      { type: 'IPAddress', value: '10.0.0.9' },
    ];
    const model = evaluate(gateway({ addresses }));
    assert.equal(stateOf(model.conditions, 'Accepted'), 'True Accepted');
    assert.equal(stateOf(model.conditions, 'Programmed'), 'False AddressNotUsable');
    assert.ok(messageOf(model.conditions, 'Programmed').includes(value));
    assert.deepEqual(bindingNames(model), ['10.0.0.9:443']);
  }
});

test('a Gateway whose every address is bad never falls back to the addresses of the node', () => {
  const model = evaluate(gateway({ addresses: [{ type: 'IPAddress', value: 'bad' }] }));
  assert.deepEqual(bindingNames(model), []);
  assert.equal(stateOf(model.listeners[0]?.conditions, 'Programmed'), 'False Invalid');
});

test('an empty address value: "they MUST set the Programmed condition to False with AddressNotAssigned"', () => {
  const model = evaluate(gateway({ addresses: [{ type: 'IPAddress', value: '' }] }));
  assert.equal(stateOf(model.conditions, 'Programmed'), 'False AddressNotAssigned');
});

test('"at least one distinct Listener MUST be present, or else the Gateway must be rejected"', () => {
  const model = evaluate(gateway({ listeners: [listener({ protocol: 'INVALID' })] }));
  assert.equal(stateOf(model.conditions, 'Accepted'), 'False ListenersNotValid');
  const empty = evaluate(gateway({ listeners: [] }));
  assert.equal(stateOf(empty.conditions, 'Accepted'), 'False ListenersNotValid');
});

test('one bad listener leaves its siblings served, and the Gateway says which it is', () => {
  const listeners = [
    listener(),
    listener({ name: 'tcp', protocol: 'TCP' }),
    listener({ name: 'terminate', hostname: 'x.example.com', tls: { mode: 'Terminate' } }),
    listener({ name: 'port', port: 0 }),
  ];
  const model = evaluate(gateway({ listeners }));
  assert.equal(stateOf(model.conditions, 'Accepted'), 'True ListenersNotValid');
  const message = messageOf(model.conditions, 'Accepted');
  for (const part of [
    'tcp (UnsupportedProtocol)',
    'terminate (UnsupportedValue)',
    'port (PortUnavailable)',
  ]) {
    assert.ok(message.includes(part), `${part} in ${message}`);
  }
  assert.deepEqual(bindingNames(model), ['0.0.0.0:443']);
  assert.equal(stateOf(model.listeners[0]?.conditions, 'Programmed'), 'True Programmed');
});

test('a Gateway of a namespace that the operator does not serve is bound nowhere, and told so', () => {
  const config = configWith({ gatewayNamespaces: ['infra'] });
  const own = gateway({ path: 'tenant/gw', addresses: [{ type: 'IPAddress', value: '10.0.0.1' }] });
  const model = evaluateGateway(own, lookupOf([gatewayClass()], config), config);
  assert.equal(stateOf(model?.conditions, 'Accepted'), 'False NamespaceNotAllowed');
  assert.equal(stateOf(model?.conditions, 'Programmed'), 'False Invalid');
  assert.deepEqual(
    model?.listeners.flatMap(({ bindings }) => bindings),
    [],
  );
  const served = evaluateGateway(gateway({ path: 'infra/gw' }), lookupOf([gatewayClass()], config), config);
  assert.equal(stateOf(served?.conditions, 'Accepted'), 'True Accepted');
});

test('"If the referent ... refers to an unsupported kind ..., the Gateway SHOULD be rejected with ... an "InvalidParameters" reason"', () => {
  const parametersRef = { group: '', kind: 'ConfigMap', name: 'settings' };
  const model = evaluate({ ...gateway(), parametersRef });
  assert.equal(stateOf(model.conditions, 'Accepted'), 'False InvalidParameters');
  assert.match(messageOf(model.conditions, 'Accepted'), /\(ConfigMap settings\)/);
  assert.equal(stateOf(model.conditions, 'Programmed'), 'False Invalid');
  assert.deepEqual(bindingNames(model), []);
  const ofClass = evaluate(gateway(), CONFIG, [{ ...gatewayClass(), parametersRef }]);
  assert.equal(stateOf(ofClass.conditions, 'Accepted'), 'True Accepted', 'those of its class are told there');
});

test('parameters of a Gateway whose class is adopted are those of the other controller', () => {
  const parametersRef = { group: '', kind: 'ConfigMap', name: 'settings' };
  const config = configWith({
    adoptedClasses: ['higress'],
    controllerNames: ['higress.io/gateway-controller'],
  });
  for (const objects of [[], [gatewayClass('higress', 'higress.io/gateway-controller')]]) {
    const model = evaluate({ ...gateway({ gatewayClassName: 'higress' }), parametersRef }, config, objects);
    assert.equal(stateOf(model.conditions, 'Accepted'), 'True Accepted');
  }
});
