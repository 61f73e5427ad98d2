import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayClass, IngressClass } from '../../model/objects.ts';
import {
  CONFIG,
  configWith,
  gateway,
  gatewayClass,
  ingress,
  ingressClass,
  lookupOf,
} from '../test-objects.ts';
import { type Classes, unclaimedGateway, unclaimedIngress } from './explain-class.ts';

function classes(
  gatewayClasses: readonly GatewayClass[],
  ingressClasses: readonly IngressClass[] = [],
): Classes {
  return {
    ...lookupOf([...gatewayClasses, ...ingressClasses]),
    gatewayClasses: () => gatewayClasses,
    ingressClasses: () => ingressClasses,
  };
}

const HIGRESS = gateway({ gatewayClassName: 'higress' });

test('a Gateway: nothing to say of ours, else the flag that would claim it', () => {
  assert.equal(unclaimedGateway(gateway(), classes([gatewayClass()]), CONFIG), undefined);
  assert.equal(
    unclaimedGateway(HIGRESS, classes([]), configWith({ adoptedClasses: ['higress'] })),
    undefined,
  );
  assert.equal(
    unclaimedGateway(HIGRESS, classes([gatewayClass('sluice')]), CONFIG),
    'class higress is claimed by nobody here (no GatewayClass has that name, there are: sluice); --adopt-class higress claims it',
  );
  const other = classes([gatewayClass('higress', 'higress.io/c')]);
  assert.equal(
    unclaimedGateway(HIGRESS, other, CONFIG),
    'its GatewayClass higress is of controller higress.io/c; --adopt-controller-name higress.io/c claims it',
  );
  const mistyped = classes([gatewayClass('higress', 'sluice.dev/gateway-controler')]);
  assert.match(
    unclaimedGateway(HIGRESS, mistyped, CONFIG) ?? '',
    /; did you mean sluice\.dev\/gateway-controller\?$/,
  );
  assert.match(
    unclaimedGateway(HIGRESS, other, configWith({ adoptedClasses: ['higress'] })) ?? '',
    /counts only where there is no class object/,
  );
});

test('what a shell would take for more than a name is not put behind a flag', () => {
  const name = 'x; rm -rf ~';
  const text = unclaimedGateway(gateway({ gatewayClassName: name }), classes([]), CONFIG) ?? '';
  assert.doesNotMatch(text, /--adopt-class/);
});

test('an Ingress: its class, the default class, or the annotation that is missing', () => {
  const ours = classes([], [ingressClass('sluice')]);
  assert.equal(unclaimedIngress(ingress(), ours, CONFIG), undefined);
  assert.match(unclaimedIngress(ingress(), classes([]), CONFIG) ?? '', /--adopt-class sluice claims it$/);
  const plain = ingress({ meta: { annotations: {} } });
  assert.match(unclaimedIngress(plain, ours, CONFIG) ?? '', /sluice\.dev\/ssl-passthrough: "true"$/);
  const unnamed = ingress({ ingressClassName: undefined });
  assert.match(
    unclaimedIngress(unnamed, ours, CONFIG) ?? '',
    /names no class, and no IngressClass is the default/,
  );
  const nginx = classes([], [ingressClass('nginx', 'k8s.io/nginx', true)]);
  assert.match(
    unclaimedIngress(unnamed, nginx, CONFIG) ?? '',
    /names no class, and of the default one: its IngressClass nginx is of controller k8s\.io\/nginx/,
  );
});
