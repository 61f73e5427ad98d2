/** The archive that `npm run image` writes, as other programs read it; test/image runs what is in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type LockedPackage, lockedPackages, ROOT } from './image-application.ts';
import { type Archive, type Image, writeArchive } from './image-archive.ts';
import { configOf, dockerfileConfig } from './image-dockerfile.ts';
import { type Component, npmComponents, sbom } from './image-sbom.ts';

const run = promisify(execFile);

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-archive-'));
});
after(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, image: Partial<Image> = {}): Promise<Archive> {
  const scratch = await mkdtemp(join(directory, 'scratch-'));
  const source = join(scratch, 'source');
  await writeFile(source, 'of a file');
  const base: Image = {
    reference: 'registry.example.com/sluice:1.2.3',
    architecture: 'amd64',
    config: { User: '65532:65532', Entrypoint: ['/app/run'], Labels: { title: 'Sluice' } },
    layers: [
      [
        { path: 'tmp', mode: 0o1777 },
        { path: 'home/nonroot', owner: 65_532, mode: 0o700 },
        { path: 'etc/passwd', content: 'nonroot\n' },
      ],
      [{ path: 'app/run', source, mode: 0o755 }],
    ],
  };
  return await writeArchive({ ...base, ...image }, join(directory, name), join(scratch, 'layout'));
}

/** Every file of a tar archive by name. */
async function unpack(path: string): Promise<(file: string) => Promise<Buffer>> {
  const out = await mkdtemp(join(directory, 'unpacked-'));
  await run('tar', ['-xf', path, '-C', out]);
  return (file) => readFile(join(out, file));
}

interface Named {
  readonly digest: string;
  readonly size: number;
}

describe('the archive of an image', () => {
  it('is an OCI layout whose digests and sizes are right, under the name that was given', async () => {
    const archive = await write('layout.tar');
    const file = await unpack(archive.path);
    const json = async (name: string) => JSON.parse((await file(name)).toString()) as Record<string, unknown>;
    assert.deepEqual(await json('oci-layout'), { imageLayoutVersion: '1.0.0' });
    const { manifests } = (await json('index.json')) as {
      manifests: readonly [Named & { annotations: Record<string, string> }];
    };
    assert.equal(manifests[0].digest, archive.digest);
    assert.deepEqual(manifests[0].annotations, {
      'io.containerd.image.name': 'registry.example.com/sluice:1.2.3',
      'org.opencontainers.image.ref.name': '1.2.3',
    });
    const blob = async ({ digest, size }: Named): Promise<Buffer> => {
      const content = await file(digest.replace('sha256:', 'blobs/sha256/'));
      assert.equal(content.length, size);
      assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, digest);
      return content;
    };
    const manifest = JSON.parse((await blob(manifests[0])).toString()) as { config: Named; layers: Named[] };
    const config = JSON.parse((await blob(manifest.config)).toString()) as {
      rootfs: { diff_ids: string[] };
      config: object;
    };
    assert.deepEqual(config.config, {
      User: '65532:65532',
      Entrypoint: ['/app/run'],
      Labels: { title: 'Sluice' },
    });
    assert.equal(manifest.layers.length, 2);
    for (const [index, layer] of manifest.layers.entries()) {
      const plain = gunzipSync(await blob(layer));
      assert.equal(
        `sha256:${createHash('sha256').update(plain).digest('hex')}`,
        config.rootfs.diff_ids[index],
      );
    }
  });

  it('keeps owners and modes, has the folders above a file, and no time', async () => {
    const archive = await write('modes.tar');
    const file = await unpack(archive.path);
    const { manifests } = JSON.parse((await file('index.json')).toString()) as { manifests: [Named] };
    const manifest = JSON.parse(
      (await file(manifests[0].digest.replace('sha256:', 'blobs/sha256/'))).toString(),
    ) as { layers: Named[] };
    const listings: string[] = [];
    for (const { digest } of manifest.layers) {
      const layer = join(directory, 'layer.tar.gz');
      await writeFile(layer, await file(digest.replace('sha256:', 'blobs/sha256/')));
      const { stdout } = await run('tar', ['-tvzf', layer, '--numeric-owner', '--utc']);
      listings.push(stdout.replaceAll(/ +/g, ' '));
    }
    assert.deepEqual(listings.join('').trimEnd().split('\n'), [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 etc/',
      '-rw-r--r-- 0/0 8 1970-01-01 00:00 etc/passwd',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 home/',
      'drwx------ 65532/65532 0 1970-01-01 00:00 home/nonroot/',
      'drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 app/',
      '-rwxr-xr-x 0/0 9 1970-01-01 00:00 app/run',
    ]);
  });

  it('is the same twice, and another one when a byte is', async () => {
    const [first, second] = [await write('first.tar'), await write('second.tar')];
    assert.deepEqual(await readFile(first.path), await readFile(second.path));
    const other = await write('other.tar', { layers: [[{ path: 'etc/passwd', content: 'nonRoot\n' }]] });
    assert.notEqual(other.digest, first.digest);
  });

  it('is not left in half where a file is missing', async () => {
    const broken = write('broken.tar', { layers: [[{ path: 'x', source: join(directory, 'none') }]] });
    await assert.rejects(broken, { code: 'ENOENT' });
    await assert.rejects(readFile(join(directory, 'broken.tar')), { code: 'ENOENT' });
  });
});

describe('what the Dockerfile says of its image', () => {
  it('is read from its last stage', () => {
    const text = `FROM a AS b
ENV LOST=1
RUN something
FROM c
# A comment with LABEL x=y
LABEL one="1 and more" \\
      two=2
ENV A=b C="d e"
COPY --from=b /x /x
USER 1:2
ENTRYPOINT ["/x", "--y"]
CMD ["z"]
`;
    assert.deepEqual(configOf(text), {
      User: '1:2',
      Env: ['A=b', 'C=d e'],
      Entrypoint: ['/x', '--y'],
      Cmd: ['z'],
      Labels: { one: '1 and more', two: '2' },
    });
    assert.throws(() => configOf(`${text}VOLUME /data\n`), /VOLUME/);
  });

  it('leaves the heap to the limit of the container', async () => {
    const { Entrypoint } = await dockerfileConfig();
    assert.deepEqual(
      Entrypoint.filter((argument) => argument.startsWith('--max-old')),
      ['--max-old-space-size-percentage=75'],
    );
  });
});

describe('the SBOM', () => {
  it('names every package of the lock file once, with licence and digest, and what each needs', async () => {
    const packages = await lockedPackages();
    const components = npmComponents(packages);
    const distinct = new Set(packages.map(({ name, version }) => `${name}@${version}`));
    assert.equal(components.length, distinct.size);
    const known = new Set(components.map(({ purl }) => purl));
    for (const { purl, license, sha512, dependencies } of components) {
      assert.notEqual(license, undefined, purl);
      assert.match(sha512 ?? '', /^[0-9a-f]{128}$/, purl);
      for (const each of dependencies) assert.ok(known.has(each), `${purl} needs ${each}`);
    }
    const { dependencies: direct } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(direct))
      assert.ok(known.has(`pkg:npm/${name.replace('@', '%40')}@${version}`), name);
  });

  it('tells apart two versions of one package as Node.js does', () => {
    const locked = (
      path: string,
      name: string,
      version: string,
      ...dependencies: string[]
    ): LockedPackage => ({
      path,
      name,
      version,
      dependencies,
      optional: false,
    });
    const components = npmComponents([
      locked('node_modules/a', 'a', '1.0.0', 'b', '@s/c'),
      locked('node_modules/a/node_modules/b', 'b', '2.0.0', '@s/c'),
      locked('node_modules/b', 'b', '1.0.0'),
      locked('node_modules/@s/c', '@s/c', '1.0.0', 'b'),
    ]);
    assert.deepEqual(
      components.map(({ purl, dependencies }) => [purl, ...dependencies]),
      [
        ['pkg:npm/a@1.0.0', 'pkg:npm/b@2.0.0', 'pkg:npm/%40s/c@1.0.0'],
        ['pkg:npm/b@2.0.0', 'pkg:npm/%40s/c@1.0.0'],
        ['pkg:npm/b@1.0.0'],
        ['pkg:npm/%40s/c@1.0.0', 'pkg:npm/b@1.0.0'],
      ],
    );
  });

  it('holds no time and no random number', () => {
    const root: Component = {
      name: 'sluice',
      version: '1.0.0',
      purl: 'pkg:npm/sluice@1.0.0',
      dependencies: [],
    };
    const document = JSON.parse(sbom(root, [])) as Record<string, unknown>;
    assert.deepEqual(Object.keys(document), [
      '$schema',
      'bomFormat',
      'specVersion',
      'version',
      'metadata',
      'components',
      'dependencies',
    ]);
  });
});
