/** What deploy/Dockerfile says of the image that it makes, for whoever makes the same image without it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './image-application.ts';
import type { ImageConfig } from './image-archive.ts';

/** Reads the last stage of a Dockerfile: ENV, LABEL, USER, and ENTRYPOINT and CMD as JSON. */
export async function dockerfileConfig(path = join(ROOT, 'deploy', 'Dockerfile')): Promise<ImageConfig> {
  return configOf(await readFile(path, 'utf8'));
}

/** As `dockerfileConfig`, of a text. Throws on an instruction in the last stage that it does not know. */
export function configOf(text: string): ImageConfig {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.startsWith('FROM '));
  const environment: string[] = [];
  const labels: Record<string, string> = {};
  let user = '';
  let entrypoint: readonly string[] = [];
  let command: readonly string[] = [];
  for (const line of lines.slice(last + 1)) {
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    switch (instruction) {
      case 'ENV':
        environment.push(...Object.entries(pairs(rest)).map(([name, value]) => `${name}=${value}`));
        break;
      case 'LABEL':
        Object.assign(labels, pairs(rest));
        break;
      case 'USER':
        user = rest.trim();
        break;
      case 'ENTRYPOINT':
        entrypoint = JSON.parse(rest) as string[];
        break;
      case 'CMD':
        command = JSON.parse(rest) as string[];
        break;
      case 'COPY':
        break;
      default:
        throw new Error(
          `deploy/Dockerfile: ${line}: scripts/image-dockerfile.ts does not know ${instruction}`,
        );
    }
  }
  return { User: user, Env: environment, Entrypoint: entrypoint, Cmd: command, Labels: labels };
}

/** `name=value` and `name="value with spaces"`. */
function pairs(text: string): Record<string, string> {
  const found = text.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S+))/g);
  return Object.fromEntries([...found].map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']));
}
