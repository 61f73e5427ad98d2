import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** On the host's end of every link; the Pods' default route. */
export const POD_GATEWAY = '10.244.0.1';

/** One host's links to its Pods: a pair of virtual interfaces and a route for each. */
export class PodNetwork {
  #last = 1;

  /** An address that no Pod had before: no connection can reach the wrong one. */
  allocate(): { readonly address: string; readonly link: string } {
    this.#last += 1;
    return { address: `10.244.${this.#last >> 8}.${this.#last & 255}`, link: `pod${this.#last}` };
  }

  /** Gives the network namespace of the process an interface `eth0`. The Pod's end is its own to configure. */
  async attach(pid: number, { address, link }: { readonly address: string; readonly link: string }) {
    await ip([
      `link add ${link} type veth peer name eth0 netns ${pid}`,
      `address add ${POD_GATEWAY}/32 dev ${link}`,
      `link set ${link} up`,
      `route add ${address}/32 dev ${link}`,
    ]);
  }

  /** Who connects to the address from now on is told at once that it is unreachable. */
  async detach(link: string): Promise<void> {
    // Gone already where the namespace was: both ends of a pair end together.
    await ip([`link delete ${link}`]).catch(() => {});
  }
}

/** Throws a sentence that says what this machine lacks for it. */
export async function checkVirtualInterfaces(): Promise<void> {
  try {
    await ip(['link add try0 type veth peer name try1', 'link delete try0']);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing
      ? 'there is no `ip` on the PATH. Install iproute2.'
      : `the kernel gives no pair of virtual interfaces (${(error as Error).message}). Load its module veth.`;
    throw new Error(`network of the Pods: ${reason}`, { cause: error });
  }
}

/** Runs commands of `ip`, one a line. Rejects with what it says. */
export async function ip(commands: readonly string[]): Promise<void> {
  const child = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(`${commands.join('\n')}\n`);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`ip: ${said.trim().replaceAll('\n', '; ')}`);
}
