/** An OCI image layout in one tar archive: written without a container tool, the same bytes for the same content. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';

/** A file or a folder of a layer. Folders above it come by themselves, as root's, mode 0755. */
export interface LayerEntry {
  /** Absolute in the image, without the leading slash. */
  readonly path: string;
  /** A folder where there is neither source nor content. */
  readonly source?: string;
  readonly content?: string | Uint8Array;
  /** 0644 and 0755 (folders) unless given. */
  readonly mode?: number;
  /** User and group; 0 unless given. */
  readonly owner?: number;
}

/** The part of an image's configuration that a Dockerfile can say (OCI image-spec, config.md). */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Image {
  /** The name that `ctr images import` and `docker load` give it: `registry.example.com/sluice:0.1.0`. */
  readonly reference: string;
  /** `amd64`, `arm64`, … as Go names them. */
  readonly architecture: string;
  readonly config: ImageConfig;
  /** Bottom first. */
  readonly layers: readonly (readonly LayerEntry[])[];
}

export interface Archive {
  readonly path: string;
  /** Of the manifest: what a registry and a runtime know the image by, `sha256:…`. */
  readonly digest: string;
  /** Bytes of the archive. */
  readonly size: number;
  /** Bytes of all files, unpacked. */
  readonly unpacked: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const MEDIA = 'application/vnd.oci.image';
const EPOCH = new Date(0);

/** Writes `path`, replacing what is there only when all of it is written. `scratch` is an empty folder. */
export async function writeArchive(image: Image, path: string, scratch: string): Promise<Archive> {
  const blobs = join(scratch, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const layers: Descriptor[] = [];
  const diffIds: string[] = [];
  let unpacked = 0;
  for (const entries of image.layers) {
    const layer = await writeLayer(entries, blobs);
    layers.push(layer.descriptor);
    diffIds.push(layer.diffId);
    unpacked += layer.unpacked;
  }
  const config = await writeBlob(blobs, `${MEDIA}.config.v1+json`, {
    created: EPOCH.toISOString(),
    architecture: image.architecture,
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const manifest = await writeBlob(blobs, `${MEDIA}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config,
    layers,
    annotations: image.config.Labels,
  });
  const index = {
    schemaVersion: 2,
    mediaType: `${MEDIA}.index.v1+json`,
    manifests: [
      {
        ...manifest,
        platform: { architecture: image.architecture, os: 'linux' },
        annotations: {
          'io.containerd.image.name': image.reference,
          'org.opencontainers.image.ref.name': image.reference.slice(image.reference.lastIndexOf(':') + 1),
        },
      },
    ],
  };
  const files: LayerEntry[] = [
    { path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: JSON.stringify(index) },
    ...[config, manifest, ...layers].map(({ digest }) => ({
      path: blobPath(digest),
      source: join(scratch, blobPath(digest)),
    })),
  ];
  const partial = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(tar(files), createWriteStream(partial));
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return { path, digest: manifest.digest, size: (await stat(path)).size, unpacked };
}

async function writeLayer(entries: readonly LayerEntry[], blobs: string) {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  const partial = join(blobs, 'layer');
  // No name and no time stand in the header that zlib writes; the rest is that of the Node.js in the lock file.
  const gzip = createGzip();
  const file = createWriteStream(partial);
  let size = 0;
  const written = pipeline(
    gzip,
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        packed.update(chunk);
        size += chunk.length;
        file.write(chunk, done);
      },
      final: (done) => void file.end(done),
    }),
  );
  const source = tar(entries);
  source.on('data', (chunk: unknown) => void plain.update(chunk as Buffer));
  await Promise.all([pipeline(source, gzip), written]);
  const digest = `sha256:${packed.digest('hex')}`;
  await rename(partial, join(blobs, digest.slice('sha256:'.length)));
  const descriptor: Descriptor = { mediaType: `${MEDIA}.layer.v1.tar+gzip`, digest, size };
  let unpacked = 0;
  for (const { source: from, content } of entries)
    unpacked += from === undefined ? (content?.length ?? 0) : (await stat(from)).size;
  return { descriptor, diffId: `sha256:${plain.digest('hex')}`, unpacked };
}

/** Sorted, each folder once and before what is in it, all times 0. */
function tar(entries: readonly LayerEntry[]): Pack {
  const all = new Map<string, LayerEntry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join('/');
      if (!all.has(above)) all.set(above, { path: above });
    }
    all.set(entry.path, entry);
  }
  const archive = pack();
  void (async () => {
    for (const path of [...all.keys()].sort()) {
      const { source, content, owner = 0, mode } = all.get(path) as LayerEntry;
      const bytes = source === undefined ? content : await readFile(source);
      const directory = bytes === undefined;
      const header = {
        name: directory ? `${path}/` : path,
        mode: mode ?? (directory ? 0o755 : 0o644),
        mtime: EPOCH,
        type: directory ? ('directory' as const) : ('file' as const),
        uid: owner,
        gid: owner,
      };
      await new Promise<void>((resolve, reject) => {
        archive.entry(header, Buffer.from(bytes ?? ''), (error) => (error ? reject(error) : resolve()));
      });
    }
    archive.finalize();
  })().catch((error: unknown) => archive.destroy(error as Error));
  return archive;
}

async function writeBlob(blobs: string, mediaType: string, value: object): Promise<Descriptor> {
  const content = Buffer.from(JSON.stringify(value));
  const hash = createHash('sha256').update(content).digest('hex');
  await writeFile(join(blobs, hash), content);
  return { mediaType, digest: `sha256:${hash}`, size: content.length };
}

function blobPath(digest: string): string {
  return digest.replace('sha256:', 'blobs/sha256/');
}

/** The digest of a file, as hexadecimal text. */
export async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
