/**
 * A network of one's own, for what needs addresses such as 100.65.0.105 on this machine, or port 443: the process
 * starts itself again in a new Linux network namespace, whose loopback interface has them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithParent } from './end-with-parent.ts';

export interface NetworkNamespaceOptions {
  /** Addresses with prefix length that the loopback interface gets besides its own, e.g. `100.65.0.105/32`. */
  readonly addresses?: readonly string[];
  /**
   * Gives it process ids and a temporary directory of its own too. Whatever is started or written inside then ends
   * with it, also where it is interrupted or killed.
   */
  readonly contained?: boolean;
}

/** Environment variable: the namespace of the process that started this one again. Without it, a child makes its own. */
export const OUTSIDE = 'SLUICE_NETWORK_OUTSIDE';

/**
 * Call it first in a main module, with its `import.meta.url`. Outside it runs that module again in a new namespace, and
 * ends this process with its result: what follows the call runs inside only, as root of the namespace. Throws an error
 * that names what this machine lacks.
 *
 * Under `node --test` the tests that report are the inner ones, whose standard output is that of the outer process.
 */
export async function reexecInNetworkNamespace(
  mainModule: string,
  options: NetworkNamespaceOptions = {},
): Promise<void> {
  const namespace = currentNamespace();
  const outside = process.env[OUTSIDE];
  if (outside !== undefined && outside !== namespace) {
    configureLoopback(options.addresses ?? []);
    return;
  }
  const script = process.argv[1];
  if (script === undefined || realpathSync(script) !== realpathSync(fileURLToPath(mainModule))) {
    throw new Error(
      `${fileURLToPath(mainModule)} is not what Node was started with, so it cannot be run again in a network ` +
        'namespace: start it by its own path.',
    );
  }
  const contained = options.contained === true;
  const unshare = unshareArguments(contained ? CONTAINED : []);
  const scratch = contained ? mkdtempSync(path.join(tmpdir(), 'sluice-contained-')) : undefined;
  const child = spawn(
    'unshare',
    [...unshare, process.execPath, ...process.execArgv, script, ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      env: { ...process.env, [OUTSIDE]: namespace, ...(scratch === undefined ? {} : { TMPDIR: scratch }) },
    },
  );
  const unguard = endWithParent(child, scratch);
  let interrupted: number | undefined;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      interrupted ??= 128 + number;
      // What is contained ends with its first process. Other children get Ctrl-C as well, and the time to end in order.
      if (contained) child.kill('SIGKILL');
      else if (signal === 'SIGTERM') child.kill(signal);
    });
  }
  const [code] = (await once(child, 'exit')) as [number | null];
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true, maxRetries: 20 });
  unguard();
  process.exit(code ?? interrupted ?? 1);
}

/** The process ids are gone, and with them all processes, when `unshare` is. */
const CONTAINED = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];

/** What sets up the loopback interface. */
export type LoopbackTool = 'ip' | 'python3';

/**
 * Sets the loopback interface up and adds the addresses, with `ip` or, where that is missing, with Python, which is
 * there for fetching Envoy. Throws if neither can, or if the kernel refuses.
 */
export function configureLoopback(addresses: readonly string[], tool: LoopbackTool = loopbackTool()): void {
  const commands =
    tool === 'ip'
      ? [['link', 'set', 'lo', 'up'], ...addresses.map((address) => ['address', 'add', address, 'dev', 'lo'])]
      : [['-c', NETLINK, ...addresses]];
  for (const command of commands) {
    const { status, stderr, error } = spawnSync(tool, command, { encoding: 'utf8' });
    if (status === 0) continue;
    const words = tool === 'ip' ? command.join(' ') : addresses.join(' ');
    throw new Error(`loopback interface: ${tool} ${words}: ${error?.message ?? stderr.trim()}`);
  }
}

function loopbackTool(): LoopbackTool {
  if (spawnSync('ip', ['-Version']).status === 0) return 'ip';
  if (spawnSync('python3', ['--version']).status === 0) return 'python3';
  throw new Error(
    'loopback interface: neither `ip` (iproute2) nor `python3` is on the PATH. Install one of them.',
  );
}

/** How `unshare` is to be called, tried once with a command that does nothing. */
function unshareArguments(more: readonly string[]): string[] {
  const asRoot = process.getuid?.() === 0;
  const forms = [
    ['--net', ...more],
    ['--user', '--map-root-user', '--net', ...more],
  ].slice(asRoot ? 0 : 1);
  const failures: string[] = [];
  for (const form of forms) {
    const { status, stderr, error } = spawnSync('unshare', [...form, 'true'], { encoding: 'utf8' });
    if (status === 0) return form;
    if (error !== undefined) {
      throw new Error(
        `network namespace: unshare does not start (${error.message}). Install util-linux; it needs Linux.`,
      );
    }
    failures.push(`unshare ${form.join(' ')}: ${stderr.trim()}`);
  }
  throw new Error(
    `network namespace: ${failures.join('; ')}. Run as root with CAP_SYS_ADMIN, or allow user namespaces ` +
      '(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, ' +
      'kernel.apparmor_restrict_unprivileged_userns).',
  );
}

function currentNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/net');
  } catch {
    throw new Error('network namespace: there is no /proc/self/ns/net. It needs Linux.');
  }
}

/** What `ip link set lo up` and `ip address add` say to the kernel (rtnetlink(7)), for addresses as arguments. */
const NETLINK = `
import ipaddress, os, socket, struct, sys

REQUEST_ACK, CREATE_EXCLUSIVE = 0x5, 0x600
NEW_LINK, NEW_ADDRESS = 16, 20
LOCAL, ADDRESS = 2, 1
channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
loopback = socket.if_nametoindex('lo')

def ask(kind, flags, body):
    channel.send(struct.pack('=IHHII', 16 + len(body), kind, REQUEST_ACK | flags, 1, 0) + body)
    errno = -struct.unpack_from('=i', channel.recv(65536), 16)[0]
    if errno:
        raise OSError(errno, os.strerror(errno))

def attribute(kind, data):
    return struct.pack('=HH', 4 + len(data), kind) + data

try:
    ask(NEW_LINK, 0, struct.pack('=BxHiII', socket.AF_UNSPEC, 0, loopback, 1, 1))
    for argument in sys.argv[1:]:
        given = ipaddress.ip_interface(argument)
        family = socket.AF_INET if given.version == 4 else socket.AF_INET6
        head = struct.pack('=BBBBI', family, given.network.prefixlen, 0, 0, loopback)
        packed = given.ip.packed
        ask(NEW_ADDRESS, CREATE_EXCLUSIVE, head + attribute(LOCAL, packed) + attribute(ADDRESS, packed))
except (OSError, ValueError) as error:
    sys.exit(str(error))
`;
