/**
 * The images that `npm run image` makes, under a real runtime and as their manifests run them: read-only root, no
 * capabilities, no new privileges, a memory limit. Nothing is mounted over /tmp and /dev/shm: neither is needed.
 */
import assert from 'node:assert/strict';
import { chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { envoyImage, sluiceImage } from '../../scripts/image.ts';
import { freePorts } from '../e2e/gateway-node.ts';
import {
  Container,
  type ContainerOptions,
  noRuntime,
  runContainer,
  type UnpackedImage,
  unpackImage,
} from '../harness/container.ts';
import { until } from '../harness/until.ts';

const DEMO = join(import.meta.dirname, '..', '..', 'examples', 'demo');
const MIB = 2 ** 20;
const NONROOT = 65_532;

const skip = (await noRuntime()) ?? false;

describe('the images in containers', { skip, concurrency: true }, () => {
  let directory: string;
  let sluice: UnpackedImage;
  let envoy: UnpackedImage;

  before(
    async () => {
      directory = await mkdtemp(join(tmpdir(), 'sluice-containers-'));
      const images = await Promise.all([sluiceImage(directory), envoyImage(directory)]);
      [sluice, envoy] = (await Promise.all(
        images.map(({ path }, index) => unpackImage(path, join(directory, String(index)))),
      )) as [UnpackedImage, UnpackedImage];
    },
    { timeout: 600_000 },
  );
  after(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  /** A folder that the image's user may write to. */
  async function writable(name: string): Promise<string> {
    const path = join(directory, name);
    await mkdir(path);
    await chown(path, NONROOT, NONROOT);
    return path;
  }

  async function untilPage(container: Container, url: string, status = 200): Promise<string> {
    let body = '';
    await until(
      async () => {
        if (!container.isRunning) throw new Error(`it has ended:\n${container.output}`);
        const response = await fetch(url).catch(() => undefined);
        body = (await response?.text()) ?? '';
        return response?.status === status;
      },
      { what: `${url} with ${status}`, timeoutMs: 60_000 },
    );
    return body;
  }

  /** Node.js as the image's commands have it, with another program. */
  async function node(program: string, options: ContainerOptions = {}) {
    const entrypoint = sluice.config.Entrypoint.slice(0, -1);
    return await runContainer(sluice, { ...options, entrypoint, args: ['-e', program] });
  }

  it('serve: ready in 256 MiB, without a privilege, and ends with 0 on SIGTERM', async () => {
    const manifests = join(directory, 'manifests');
    await cp(DEMO, manifests, { recursive: true });
    const [xds, admin] = await freePorts(2);
    await using container = await Container.start(sluice, {
      args: [
        ...['serve', '--source', 'directory:/manifests', '--allow-loopback-endpoints'],
        ...['--xds-address', `127.0.0.1:${xds}`, '--admin-address', `127.0.0.1:${admin}`],
      ],
      mounts: { '/manifests': { source: manifests } },
      memoryBytes: 256 * MIB,
    });
    await untilPage(container, `http://127.0.0.1:${admin}/readyz`);
    const status = await readFile(`/proc/${await container.pid()}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
    assert.equal(field('Uid'), Array(4).fill(NONROOT).join('\t'));
    assert.equal(field('NoNewPrivs'), '1');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.equal(field(set), '0'.repeat(16), set);
    container.signal('SIGTERM');
    const { exitCode, stderr } = await container.finished;
    assert.equal(exitCode, 0, stderr);
  });

  it('write nothing: the root is read-only, and nothing is mounted where programs like to write', async () => {
    const { stdout } = await node(`
      for (const path of ['/x', '/app/x', '/tmp/x', '/home/nonroot/x', '/dev/shm/x'])
        try { fs.writeFileSync(path, ''); console.log('wrote', path); } catch ({ code }) { console.log(path, code); }`);
    assert.deepEqual(stdout.trim().split('\n'), [
      '/x EROFS',
      '/app/x EROFS',
      '/tmp/x EROFS',
      '/home/nonroot/x EROFS',
      '/dev/shm/x ENOENT',
    ]);
  });

  it('have a heap of three quarters of their memory limit, and last words when it is full', async () => {
    const heap = 'console.log(v8.getHeapStatistics().heap_size_limit / 2 ** 20)';
    for (const [limit, old] of [
      [256, 192],
      [2048, 1536],
    ] as const) {
      const { stdout } = await node(heap, { memoryBytes: limit * MIB });
      // Three young generations of 8 MiB are beside the old one.
      assert.equal(Number(stdout), old + 24);
    }
    const grow = 'const kept = []; for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })));';
    const { exitCode, stderr } = await node(grow, { memoryBytes: 256 * MIB });
    assert.match(stderr, /JavaScript heap out of memory/);
    assert.notEqual(exitCode, 137, 'the kernel was first');
  });

  it('certs: makes them in a folder that is given', async () => {
    const out = await writable('certs');
    const mounts = { '/out': { source: out, writable: true } };
    const { exitCode, stderr } = await runContainer(sluice, { args: ['certs', '--out', '/out'], mounts });
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual((await readdir(join(out, 'gateway'))).sort(), ['ca.crt', 'tls.crt', 'tls.key']);
    assert.equal((await stat(join(out, 'gateway', 'tls.key'))).uid, NONROOT);
  });

  it('bootstrap, Envoy and drain: together as in the pod of a gateway node', async () => {
    const config = await writable('config');
    const [admin, hook, xds] = await freePorts(3);
    const limits: ContainerOptions = { memoryBytes: 256 * MIB, files: { soft: 1024, hard: 8192 } };
    const written = await runContainer(sluice, {
      ...limits,
      args: [
        ...['bootstrap', '--node-id', 'gw-1', '--out', '/etc/envoy', '--xds-address', `127.0.0.1:${xds}`],
        ...['--envoy-admin-address', `127.0.0.1:${admin}`],
      ],
      env: [`SLUICE_ENVOY_MEMORY_LIMIT=${600 * MIB}`],
      mounts: { '/etc/envoy': { source: config, writable: true } },
    });
    assert.equal(written.exitCode, 0, written.stderr);
    assert.match(written.stderr, /SLUICE_BOOTSTRAP_DESCRIPTORS: .*8192 files.* room for 3607 /);
    const yaml = await readFile(join(config, 'envoy.yaml'), 'utf8');
    assert.match(yaml, /max_active_downstream_connections: 3607\n/);
    assert.match(yaml, new RegExp(`max_heap_size_bytes: ${400 * MIB}\n`));

    await using gateway = await Container.start(envoy, {
      args: ['--config-path', '/etc/envoy/envoy.yaml', '--disable-hot-restart', '--log-level', 'warning'],
      mounts: { '/etc/envoy': { source: config } },
      ...limits,
      user: '0:0',
      capabilities: ['CAP_NET_BIND_SERVICE'],
      memoryBytes: 600 * MIB,
      cpus: 1,
    });
    const info = await untilPage(gateway, `http://127.0.0.1:${admin}/server_info`);
    const { command_line_options: options } = JSON.parse(info) as {
      command_line_options: { concurrency: number };
    };
    assert.equal(options.concurrency, 1, 'one thread for the one CPU of its quota');
    const descriptors = await readFile(`/proc/${await gateway.pid()}/limits`, 'utf8');
    assert.match(descriptors, /^Max open files +8192 +8192 /m, 'Envoy raises its soft limit by itself');

    await using drain = await Container.start(sluice, {
      ...limits,
      args: [
        ...['drain', '--envoy-admin', `127.0.0.1:${admin}`, '--hook-address', `127.0.0.1:${hook}`],
        ...['--unready-time', '0'],
      ],
    });
    await untilPage(drain, `http://127.0.0.1:${hook}/healthz`);
    const answer = await fetch(`http://127.0.0.1:${hook}/drain`);
    assert.deepEqual([answer.status, await answer.text()], [200, 'drained\n']);
    gateway.signal('SIGTERM');
    assert.equal((await gateway.finished).exitCode, 0, gateway.output);
    drain.signal('SIGTERM');
    assert.equal((await drain.finished).exitCode, 0, drain.output);
  });

  it('hold an SBOM that names the program itself and what it runs on', async () => {
    for (const [image, name, purls] of [
      [sluice, 'sluice', [/^pkg:npm\/pino@/, /^pkg:generic\/node@24\./]],
      [envoy, 'envoy', []],
    ] as const) {
      const path = join(image.root, 'usr', 'share', 'sbom', `${name}.cdx.json`);
      const { metadata, components } = JSON.parse(await readFile(path, 'utf8')) as {
        metadata: { component: { name: string; version: string } };
        components: readonly { purl: string }[];
      };
      assert.equal(metadata.component.name, name);
      assert.equal(metadata.component.version, image.config.Labels['org.opencontainers.image.version']);
      for (const purl of purls)
        assert.ok(
          components.some((each) => purl.test(each.purl)),
          String(purl),
        );
    }
  });
});
