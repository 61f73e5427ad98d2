import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { responses, setUp } from './test-stream.ts';
import { versionOf } from './test-view.ts';

/** What Envoy 1.40 sends on a new stream while a cluster is warming: nothing about clusters, until it is warm. */
it('an Envoy that comes back with a warming cluster gets the endpoint sets that it has once more', () => {
  const { view, stream } = setUp();
  view.put(CLUSTER_TYPE, { c: '1', warming: '2' }, ['shared']);
  view.put(ENDPOINT_TYPE, { shared: '1' });
  stream.request({ type_url: LISTENER_TYPE });
  stream.request({
    type_url: ENDPOINT_TYPE,
    resource_names_subscribe: ['shared', 'gone'],
    initial_resource_versions: { shared: versionOf('1'), gone: versionOf('1') },
  });
  assert.deepEqual(responses(stream), ['eds +shared', 'lds', 'eds -gone']);
  stream.request({
    type_url: CLUSTER_TYPE,
    initial_resource_versions: { c: versionOf('1'), warming: versionOf('2') },
  });
  assert.deepEqual(responses(stream), ['cds']);
});

it('one whose clusters are warm gets none that it has', () => {
  const { view, stream } = setUp();
  view.put(CLUSTER_TYPE, { c: '1' }, ['shared']);
  view.put(ENDPOINT_TYPE, { shared: '1' });
  stream.request({ type_url: CLUSTER_TYPE, initial_resource_versions: { c: versionOf('1') } });
  stream.request({
    type_url: ENDPOINT_TYPE,
    resource_names_subscribe: ['shared'],
    initial_resource_versions: { shared: versionOf('1') },
  });
  assert.deepEqual(responses(stream), ['cds']);
});
