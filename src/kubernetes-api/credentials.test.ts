import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createAuthority, type TestAuthority } from '../../test/harness/kubernetes/certificates.ts';
import { kubeconfigOf } from '../watchers/kubernetes/test-source.ts';
import { ApiFailure } from './api-failure.ts';
import type { CredentialsOptions } from './credentials.ts';
import { createHttpTransport } from './http-transport.ts';
import { ManualClock } from './test-clock.ts';
import { readBody } from './transport.ts';

const TIMEOUT = { timeout: 20_000 };

let authority: TestAuthority;
let server: HttpsServer;
let url: string;
let directory: string;

/** A server that says who asks: the common name of the certificate, or the Authorization header. */
before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-credentials-'));
  authority = await createAuthority('test');
  const { key, certificate } = await authority.server(['localhost'], ['127.0.0.1']);
  const options = {
    key,
    cert: certificate,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  };
  server = createServer(options, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.end(String(subject?.CN ?? request.headers.authorization ?? 'nobody'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(async () => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true });
});

function path(name: string): string {
  return join(directory, name);
}

function write(name: string, content: string): string {
  writeFileSync(path(name), content);
  return path(name);
}

function config(name: string, user: object, cluster: object = {}): string {
  const ca = Buffer.from(authority.certificate).toString('base64');
  return write(name, kubeconfigOf(url, user, { 'certificate-authority-data': ca, ...cluster }));
}

function open(t: TestContext, options: CredentialsOptions) {
  const clock = new ManualClock();
  const transport = createHttpTransport({ env: {}, ...options, clock });
  const signal = new AbortController().signal;
  t.after(() => transport.close());
  const who = async (): Promise<string> => {
    const response = await transport.get({ path: '/', silenceMs: 1000, signal });
    return String(await readBody(response.body, 1000));
  };
  return { clock, transport, who };
}

async function failure(promise: Promise<unknown>, reason: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ApiFailure);
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  });
}

test('a token file that is replaced is read again', TIMEOUT, async (t) => {
  write('token', 'first\n');
  const { who, clock, transport } = open(t, { kubeconfig: config('rotated', { tokenFile: 'token' }) });
  assert.equal(await who(), 'Bearer first');
  write('token', 'second\n');
  clock.advance(60_000);
  transport.refuseCredentials();
  assert.equal(await who(), 'Bearer second');
});

test('a client certificate that is replaced is used for new connections', TIMEOUT, async (t) => {
  const renew = async (name: string): Promise<void> => {
    const pair = await authority.client(name, []);
    write('client.key', pair.key);
    write('client.crt', pair.certificate);
  };
  await renew('old');
  const user = { 'client-certificate': path('client.crt'), 'client-key': path('client.key') };
  const { who } = open(t, { kubeconfig: config('certificate', user) });
  assert.equal(await who(), 'old');
  await renew('new');
  assert.equal(await who(), 'new');
});

test(
  'a plugin is run once for requests that start together, and again when it was refused',
  TIMEOUT,
  async (t) => {
    const log = path('runs');
    const plugin = write(
      'plugin.mjs',
      `import { appendFileSync, readFileSync } from 'node:fs';
     appendFileSync(${JSON.stringify(log)}, '.');
     const token = 'run-' + readFileSync(${JSON.stringify(log)}, 'utf8').length;
     const apiVersion = 'client.authentication.k8s.io/v1';
     const status = { token, expirationTimestamp: '2999-01-01T00:00:00Z' };
     console.log(JSON.stringify({ apiVersion, kind: 'ExecCredential', status }));`,
    );
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: [plugin],
      interactiveMode: 'Never',
    };
    const { who, clock, transport } = open(t, { kubeconfig: config('exec', { exec }) });
    assert.deepEqual(await Promise.all([who(), who(), who()]), [
      'Bearer run-1',
      'Bearer run-1',
      'Bearer run-1',
    ]);
    assert.equal(await who(), 'Bearer run-1');
    clock.advance(5000);
    transport.refuseCredentials();
    transport.refuseCredentials();
    assert.deepEqual(await Promise.all([who(), who()]), ['Bearer run-2', 'Bearer run-2']);
  },
);

test('a plugin that hangs is not waited for forever', TIMEOUT, async (t) => {
  // It ends when the folder goes.
  const plugin = write(
    'hang.mjs',
    `import { existsSync } from 'node:fs';
     setInterval(() => existsSync(import.meta.filename) || process.exit(1), 20);`,
  );
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: [plugin],
    interactiveMode: 'Never',
  };
  const { who, clock } = open(t, { kubeconfig: config('hang', { exec }) });
  const asked = who();
  clock.advance(await clock.timer(1000));
  await failure(asked, 'config', /none after 1 s/);
});

test('$KUBECONFIG names files: earlier ones win, missing ones are passed over', TIMEOUT, async (t) => {
  config('one', { token: 'one' });
  config('two', { token: 'two' });
  const env = { KUBECONFIG: [path('none'), path('one'), path('two')].join(delimiter) };
  assert.equal(await open(t, { env }).who(), 'Bearer one');
  await failure(open(t, { env: { KUBECONFIG: path('none') } }).who(), 'config', /ENOENT.*none/);
});

test('a context may be chosen, and must exist', TIMEOUT, async (t) => {
  const kubeconfig = config('contexts', { token: 'secret' });
  assert.equal(await open(t, { kubeconfig, context: 'test' }).who(), 'Bearer secret');
  await failure(open(t, { kubeconfig, context: 'prod' }).who(), 'config', /has no context prod/);
});

test('a server that another authority vouches for is not talked to', TIMEOUT, async (t) => {
  const other = await createAuthority('other');
  const data = Buffer.from(other.certificate).toString('base64');
  const kubeconfig = config('untrusted', { token: 'secret' }, { 'certificate-authority-data': data });
  await failure(open(t, { kubeconfig }).who(), 'unreachable', /certificate/);
});

test('a pod without its service account says what is missing', TIMEOUT, async (t) => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  await failure(open(t, { env }).who(), 'config', /serviceaccount/);
});

test('a pod uses its service account, whose token may be replaced', TIMEOUT, async (t) => {
  write('ca.crt', authority.certificate);
  write('token', 'first\n');
  const { hostname, port } = new URL(url);
  const env = {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    SLUICE_SERVICE_ACCOUNT_DIR: directory,
  };
  const asked = open(t, { env, context: 'prod' }).who();
  await failure(asked, 'config', /context prod .* has no contexts/);
  const { who } = open(t, { env });
  assert.equal(await who(), 'Bearer first');
  write('token', 'second');
  assert.equal(await who(), 'Bearer second');
});

test('the Kubernetes client library is loaded for a kubeconfig, and not in a pod', TIMEOUT, async () => {
  const isLoadedFor = (options: CredentialsOptions): string => {
    const code = `
      import { registerHooks } from 'node:module';
      const asked = new Set();
      registerHooks({ resolve: (name, context, next) => asked.add(name) && next(name, context) });
      await import(${JSON.stringify(import.meta.resolve('../watchers/kubernetes/kubernetes-source.ts'))});
      const { Credentials } = await import(${JSON.stringify(import.meta.resolve('./credentials.ts'))});
      await new Credentials(${JSON.stringify(options)}, { now: () => 0 }).connection();
      console.log(asked.has('@kubernetes/client-node'));`;
    return execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
  };
  write('ca.crt', authority.certificate);
  write('token', 'secret');
  const env = { KUBERNETES_SERVICE_HOST: 'localhost', SLUICE_SERVICE_ACCOUNT_DIR: directory };
  assert.equal(isLoadedFor({ env }), 'false\n');
  assert.equal(isLoadedFor({ kubeconfig: config('loads', { token: 'secret' }) }), 'true\n');
});
