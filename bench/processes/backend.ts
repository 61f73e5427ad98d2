import path from 'node:path';
import { BACKEND_PORT } from '../world/manifests.ts';
import { Child } from './child.ts';

/** The process behind every tenant's endpoint. Resolves when it listens. */
export async function startBackend(): Promise<Child> {
  const backend = new Child(path.join(import.meta.dirname, 'backend-process.ts'), [String(BACKEND_PORT)]);
  await backend.receive();
  return backend;
}
