import { chmod, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { makeFolder } from '../folder.ts';

/**
 * Makes way for listening on a Unix socket: the folder is there, and the socket of a process that was killed is gone. One that
 * somebody listens on is left alone, so that listening fails.
 */
export async function claimSocket(path: string): Promise<void> {
  await makeFolder(dirname(path));
  if (!(await isListenedOn(path))) await unlink(path).catch(() => {});
}

/**
 * Lets every user connect who reaches the folder: Envoy runs as another one, as root without its powers in the manifests of
 * `deploy/`.
 */
export async function openSocket(path: string): Promise<void> {
  await chmod(path, 0o666);
}

function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
