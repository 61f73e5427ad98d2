/** The real ADS server with TLS, and real clients: one that may, and all that may not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  logVerbosity,
  type ServiceError,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import {
  type ClientNames,
  createAuthority,
  type KeyPair,
  type TestAuthority,
} from '../../../test/harness/kubernetes/certificates.ts';
import type { DeltaDiscoveryResponse } from '../../proto/index.ts';
import { CLUSTER_TYPE } from '../../snapshot/resources/resource.ts';
import { AdsServer } from '../server.ts';
import { ADS_SERVICE } from '../service.ts';
import { TestView } from '../test-view.ts';
import type { KeyMaterial } from './key-material.ts';
import { MutualTlsCredentials, type RefusedClient } from './server-credentials.ts';

const SERVER_NAME = 'sluice.sluice-system.svc';
const GATEWAY: ClientNames = { dns: ['sluice-envoy'] };

setLogVerbosity(logVerbosity.NONE);

const cleanUps: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function material(pair: KeyPair, ...authorities: readonly TestAuthority[]): KeyMaterial {
  return {
    certificate: Buffer.from(pair.certificate),
    key: Buffer.from(pair.key),
    clientAuthority: Buffer.from(authorities.map(({ certificate }) => certificate).join('\n')),
    notAfter: new Date(),
    serialNumber: '',
  };
}

async function serve(authority: TestAuthority, allowedClients: readonly string[] = ['sluice-envoy']) {
  const refused: RefusedClient[] = [];
  const tls = new MutualTlsCredentials({
    material: material(await authority.server([SERVER_NAME], []), authority),
    allowedClients,
    onRefused: (client) => refused.push(client),
  });
  const view = new TestView();
  view.put(CLUSTER_TYPE, { demo: '1' });
  view.setReady();
  const server = new AdsServer({ view, credentials: tls });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(() => server.close(10));
  return { tls, port, refused, view };
}

/** What the server says to a first request: the names of its resources, or the status it ends the stream with. */
function ask(port: number, authority: TestAuthority, client: KeyPair | undefined) {
  const pair = client && { key: Buffer.from(client.key), certificate: Buffer.from(client.certificate) };
  const channel = new Client(
    `127.0.0.1:${port}`,
    credentials.createSsl(Buffer.from(authority.certificate), pair?.key ?? null, pair?.certificate ?? null),
    // Without the pool a new client would use another one's connection.
    { 'grpc.ssl_target_name_override': SERVER_NAME, 'grpc.use_local_subchannel_pool': 1 },
  );
  cleanUps.push(() => channel.close());
  const { path, requestSerialize, responseDeserialize } = ADS_SERVICE.DeltaAggregatedResources;
  const call = channel.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  ) as ClientDuplexStream<object, DeltaDiscoveryResponse>;
  const answer = Promise.withResolvers<string[] | ServiceError>();
  const ended = Promise.withResolvers<ServiceError>();
  call.on('data', ({ resources = [] }: DeltaDiscoveryResponse) =>
    answer.resolve(resources.map(({ name = '' }) => name)),
  );
  call.on('error', (error: ServiceError) => {
    answer.resolve(error);
    ended.resolve(error);
  });
  call.write({ node: { id: 'gw-1' }, type_url: CLUSTER_TYPE });
  return { answer: answer.promise, ended: ended.promise, call };
}

async function refusal(answer: Promise<string[] | ServiceError>): Promise<ServiceError> {
  const given = await answer;
  assert.ok(!Array.isArray(given), 'it was served');
  return given;
}

describe('mutual TLS', () => {
  it('serves a gateway by its DNS name, in any case', async () => {
    const authority = await createAuthority('ca');
    const { port } = await serve(authority, ['Sluice-Envoy']);
    const client = await authority.client('gw', [], { dns: ['x', 'SLUICE-envoy'] });
    assert.deepEqual(await ask(port, authority, client).answer, ['demo']);
  });

  it('serves a gateway by its URI', async () => {
    const authority = await createAuthority('ca');
    const id = 'spiffe://example.com/ns/sluice-system/sa/sluice-envoy';
    const { port } = await serve(authority, [id]);
    const client = await authority.client('gw', [], { uris: [id] });
    assert.deepEqual(await ask(port, authority, client).answer, ['demo']);
  });

  it('refuses a client without a certificate', async () => {
    const authority = await createAuthority('ca');
    const { port } = await serve(authority);
    assert.equal((await refusal(ask(port, authority, undefined).answer)).code, status.UNAVAILABLE);
  });

  it('refuses a client of another authority, also of one with the same name', async () => {
    const authority = await createAuthority('ca');
    const { port, refused } = await serve(authority);
    for (const name of ['other', 'ca']) {
      const client = await (await createAuthority(name)).client('gw', [], GATEWAY);
      assert.equal((await refusal(ask(port, authority, client).answer)).code, status.UNAVAILABLE);
    }
    assert.deepEqual(refused, [], 'refused by TLS, before any call');
  });

  it("refuses the server's own certificate: it is not for clients", async () => {
    const authority = await createAuthority('ca');
    const { port } = await serve(authority, [SERVER_NAME]);
    const client = await authority.server([SERVER_NAME], []);
    assert.equal((await refusal(ask(port, authority, client).answer)).code, status.UNAVAILABLE);
  });

  for (const [what, names, subject] of [
    ['another name', { dns: ['prometheus'] }, 'gw'],
    ['the right name only as common name', {}, 'sluice-envoy'],
    ['a name below the right one', { dns: ['sluice-envoy.example.com', 'x.sluice-envoy'] }, 'gw'],
    ['a wildcard', { dns: ['*'] }, 'gw'],
    ['a URI that holds the right name', { uris: ['spiffe://a/, DNS:sluice-envoy'] }, 'gw'],
  ] as const) {
    it(`refuses a client with ${what}, and says so to it and to us`, async () => {
      const authority = await createAuthority('ca');
      const { port, refused } = await serve(authority);
      const client = await authority.client(subject, [], names);
      const { code, details } = await refusal(ask(port, authority, client).answer);
      assert.equal(code, status.PERMISSION_DENIED);
      assert.match(details, /^SLUICE_XDS_CLIENT_NOT_ALLOWED: .*--xds-allowed-client/);
      assert.equal(refused.length, 1);
    });
  }

  it('refuses strangers health and reflection too', async () => {
    const authority = await createAuthority('ca');
    const { port } = await serve(authority);
    const client = await authority.client('gw', [], { dns: ['other'] });
    const channel = new Client(
      `127.0.0.1:${port}`,
      credentials.createSsl(
        Buffer.from(authority.certificate),
        Buffer.from(client.key),
        Buffer.from(client.certificate),
      ),
      { 'grpc.ssl_target_name_override': SERVER_NAME },
    );
    cleanUps.push(() => channel.close());
    for (const path of [
      '/grpc.health.v1.Health/Check',
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    ]) {
      const raw = (bytes: Buffer): Buffer => bytes;
      const call = channel.makeBidiStreamRequest(path, raw, raw);
      call.write(Buffer.alloc(0));
      const [error] = (await once(call, 'error')) as [ServiceError];
      assert.equal(error.code, status.PERMISSION_DENIED, path);
    }
  });

  it('uses a new certificate for new connections at once, and leaves those there are', async () => {
    const authority = await createAuthority('ca');
    const { tls, port, view } = await serve(authority);
    const client = await authority.client('gw', [], GATEWAY);
    const before = ask(port, authority, client);
    assert.deepEqual(await before.answer, ['demo']);

    const next = await createAuthority('next');
    tls.update(material(await next.server([SERVER_NAME], []), next));
    const renewed = await next.client('gw', [], GATEWAY);
    assert.deepEqual(await ask(port, next, renewed).answer, ['demo']);
    // The old authority is trusted by nobody now.
    assert.equal((await refusal(ask(port, next, client).answer)).code, status.UNAVAILABLE);
    assert.equal((await refusal(ask(port, authority, renewed).answer)).code, status.UNAVAILABLE);

    const later = once(before.call, 'data');
    view.put(CLUSTER_TYPE, { later: '1' });
    const [response] = (await later) as [DeltaDiscoveryResponse];
    assert.deepEqual(
      response.resources?.map(({ name }) => name),
      ['later'],
    );
  });

  it('trusts two authorities while one takes over from the other', async () => {
    const [authority, next] = [await createAuthority('ca'), await createAuthority('next')];
    const { tls, port } = await serve(authority);
    tls.update(material(await authority.server([SERVER_NAME], []), next, authority));
    for (const each of [authority, next]) {
      const client = await each.client('gw', [], GATEWAY);
      assert.deepEqual(await ask(port, authority, client).answer, ['demo']);
    }
  });

  for (const [what, options, expected] of [
    ['TLS 1.3', {}, 'TLSv1.3'],
    ['no TLS 1.2', { maxVersion: 'TLSv1.2' }, 'refused'],
  ] as const) {
    it(`speaks ${what}, also after an update`, async () => {
      const authority = await createAuthority('ca');
      const { tls, port } = await serve(authority);
      tls.update(material(await authority.server([SERVER_NAME], []), authority));
      const client = await authority.client('gw', [], GATEWAY);
      const socket = tlsConnect({
        ...{ host: '127.0.0.1', port, servername: SERVER_NAME, ca: authority.certificate },
        ...{ key: client.key, cert: client.certificate, ALPNProtocols: ['h2'] },
        ...options,
      });
      const outcome = await Promise.race([
        once(socket, 'secureConnect').then(() => socket.getProtocol()),
        once(socket, 'error').then(() => 'refused'),
      ]).catch(() => 'refused');
      assert.equal(outcome, expected);
      socket.destroy();
    });
  }

  it('does not let a session outlive the trust in its certificate', async () => {
    const authority = await createAuthority('ca');
    const { tls, port } = await serve(authority);
    const client = await authority.client('gw', [], GATEWAY);
    const options = {
      ...{ host: '127.0.0.1', port, servername: SERVER_NAME, ALPNProtocols: ['h2'] },
      ...{ key: client.key, cert: client.certificate, rejectUnauthorized: false },
    };
    const first = tlsConnect(options);
    // The server's settings frame: tickets, if any, came before it.
    await once(first, 'data');
    const session = first.getSession();
    first.destroy();
    assert.ok(session);
    const again = tlsConnect({ ...options, session });
    await once(again, 'data');
    assert.equal(again.isSessionReused(), false);
    again.destroy();

    const next = await createAuthority('next');
    tls.update(material(await next.server([SERVER_NAME], []), next));
    const last = tlsConnect({ ...options, session });
    const data = once(last, 'data').then(() => 'served');
    const closed = once(last, 'close').then(() => 'closed');
    assert.equal(await Promise.race([data, closed]).catch(() => 'closed'), 'closed');
  });
});
