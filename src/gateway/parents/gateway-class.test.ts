import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, CONTROLLER, configWith, gatewayClass, messageOf, stateOf } from '../test-objects.ts';
import { evaluateGatewayClass } from './gateway-class.ts';

test('"this condition MUST be set by a controller when it sees a GatewayClass using its controller string"', () => {
  const evaluated = evaluateGatewayClass(gatewayClass(), CONFIG);
  assert.equal(stateOf(evaluated?.conditions, 'Accepted'), 'True Accepted');
  assert.equal(evaluated?.conditions[0]?.observedGeneration, 3);
});

test('a class of another controller is not ours, unless that controller is adopted', () => {
  const higress = gatewayClass('higress', 'higress.io/gateway-controller');
  assert.equal(evaluateGatewayClass(higress, CONFIG), undefined);
  const config = configWith({ controllerNames: [CONTROLLER, 'higress.io/gateway-controller'] });
  assert.equal(stateOf(evaluateGatewayClass(higress, config)?.conditions, 'Accepted'), 'True Accepted');
});

test('an adopted class name does not make another controller’s class object ours', () => {
  const higress = gatewayClass('higress', 'higress.io/gateway-controller');
  assert.equal(evaluateGatewayClass(higress, configWith({ adoptedClasses: ['higress'] })), undefined);
});

const PARAMETERS = { group: 'gateway.envoyproxy.io', kind: 'EnvoyProxy', name: 'big' };

test('"If the referent ... refers to an unsupported kind ..., the GatewayClass SHOULD be rejected with ... an "InvalidParameters" reason"', () => {
  const evaluated = evaluateGatewayClass({ ...gatewayClass(), parametersRef: PARAMETERS }, CONFIG);
  assert.equal(stateOf(evaluated?.conditions, 'Accepted'), 'False InvalidParameters');
  assert.match(messageOf(evaluated?.conditions, 'Accepted'), /EnvoyProxy\.gateway\.envoyproxy\.io big/);
});

test('parameters of a class whose controller is adopted are those of the other controller', () => {
  const higress = { ...gatewayClass('higress', 'higress.io/gateway-controller'), parametersRef: PARAMETERS };
  const config = configWith({ controllerNames: [CONTROLLER, 'higress.io/gateway-controller'] });
  assert.equal(stateOf(evaluateGatewayClass(higress, config)?.conditions, 'Accepted'), 'True Accepted');
});
