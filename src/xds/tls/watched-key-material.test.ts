/** Real files, replaced as Kubernetes, cert-manager and people replace them. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import {
  createAuthority,
  type KeyPair,
  type TestAuthority,
} from '../../../test/harness/kubernetes/certificates.ts';
import { KeyMaterialError, readKeyMaterial, type TlsPaths } from './key-material.ts';
import { WatchedKeyMaterial, type WatchOptions } from './watched-key-material.ts';

const cleanUps: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
  cleanUps.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

function pathsIn(path: string): TlsPaths {
  return {
    certificate: join(path, 'tls.crt'),
    key: join(path, 'tls.key'),
    clientAuthority: join(path, 'ca.crt'),
  };
}

async function writeSecret(path: string, pair: KeyPair, authority: TestAuthority): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'tls.crt'), pair.certificate);
  await writeFile(join(path, 'tls.key'), pair.key);
  await writeFile(join(path, 'ca.crt'), authority.certificate);
}

/** Whole at every moment, as certificates should be replaced. */
async function replace(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

/** What was reported, in order, each to be awaited. */
function recorder() {
  const reported: string[] = [];
  let wake = Promise.withResolvers<void>();
  const report = (text: string): void => {
    reported.push(text);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  return {
    onChange: ({ certificate }: { readonly certificate: Buffer }) => report(certificate.toString()),
    onFailure: (error: Error) => report(error.message),
    async next(): Promise<string> {
      while (reported.length === 0) await wake.promise;
      return reported.shift() as string;
    },
    reported,
  };
}

async function open(options: WatchOptions): Promise<WatchedKeyMaterial> {
  const watched = await WatchedKeyMaterial.open({ settleMs: 1, ...options });
  cleanUps.push(() => watched.close());
  return watched;
}

const NAMES = ['sluice'] as const;

describe('watched key material', () => {
  it('follows a Secret that Kubernetes mounts: a symbolic link to the directory is replaced', async () => {
    const mount = await directory();
    const authority = await createAuthority('ca');
    const [first, second] = [await authority.server(NAMES, []), await authority.server(NAMES, [])];
    await writeSecret(join(mount, '..1'), first, authority);
    await symlink('..1', join(mount, '..data'));
    for (const name of ['tls.crt', 'tls.key', 'ca.crt']) {
      await symlink(join('..data', name), join(mount, name));
    }
    const { onChange, onFailure, next } = recorder();
    const watched = await open({ paths: pathsIn(mount), onChange, onFailure });
    assert.equal(watched.current.certificate.toString(), first.certificate);

    await writeSecret(join(mount, '..2'), second, authority);
    await symlink('..2', join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    assert.equal(await next(), second.certificate);
    assert.equal(watched.current.key.toString(), second.key);
  });

  it('keeps the last that fitted together, says once why, and goes on with what follows', async () => {
    const path = await directory();
    const authority = await createAuthority('ca');
    const [first, second] = [await authority.server(NAMES, []), await authority.server(NAMES, [])];
    await writeSecret(path, first, authority);
    const { onChange, onFailure, next, reported } = recorder();
    const watched = await open({ paths: pathsIn(path), onChange, onFailure });

    await replace(join(path, 'tls.crt'), second.certificate);
    assert.match(await next(), /tls\.key is not the key of the certificate in .*tls\.crt/);
    await watched.refresh();
    assert.deepEqual(reported, []);
    await replace(join(path, 'tls.crt'), second.certificate.slice(0, 100));
    assert.match(await next(), /tls\.crt holds no PEM certificate/);
    await rm(join(path, 'tls.crt'));
    assert.match(await next(), /tls\.crt cannot be read \(ENOENT/);
    assert.equal(watched.current.certificate.toString(), first.certificate);

    await replace(join(path, 'tls.key'), second.key);
    await replace(join(path, 'tls.crt'), second.certificate);
    assert.equal(await next(), second.certificate);
    assert.equal(watched.current.key.toString(), second.key);
  });

  it('looks at the files from time to time where nothing tells of a change', async () => {
    const path = await directory();
    const authority = await createAuthority('ca');
    await writeSecret(path, await authority.server(NAMES, []), authority);
    const { onChange, onFailure, next } = recorder();
    // So long that only the polling can be what finds it.
    await open({ paths: pathsIn(path), onChange, onFailure, settleMs: 60_000, pollMs: 5 });
    const second = await authority.server(NAMES, []);
    await writeSecret(path, second, authority);
    let message: string;
    do message = await next();
    while (message !== second.certificate);
  });

  for (const [what, spoil, isUnreadable] of [
    ['a file is missing', (path: string) => rm(join(path, 'ca.crt')), true],
    ['the key is no key', (path: string) => writeFile(join(path, 'tls.key'), 'secret'), false],
    ['the authority is no certificate', (path: string) => writeFile(join(path, 'ca.crt'), ''), false],
  ] as const) {
    it(`does not open where ${what}, and quotes nothing of the files`, async () => {
      const path = await directory();
      const authority = await createAuthority('ca');
      await writeSecret(path, await authority.server(NAMES, []), authority);
      await spoil(path);
      await assert.rejects(readKeyMaterial(pathsIn(path)), (error) => {
        assert.ok(error instanceof KeyMaterialError);
        assert.equal(error.isUnreadable, isUnreadable);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    });
  }
});
