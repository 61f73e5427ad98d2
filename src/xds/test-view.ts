import { createHash } from 'node:crypto';
import { frameResource, unpackBytes } from '../proto/index.ts';
import { type EncodedResource, FORM_ENDING, LISTENER_TYPE } from '../snapshot/resources/resource.ts';
import { ResourceTable } from '../snapshot/resources/resource-table.ts';

/** A snapshot for tests: a real resource table with content that the test writes as text. */
export class TestView extends ResourceTable {
  /** Upserts a listener that has forms for the demand window. `clusters`: those that its own chains name. */
  putListener(name: string, text: string, clusters: readonly string[] = []): void {
    const form = (ending: string): EncodedResource => {
      const { version, packed } = frameResource({
        name,
        typeUrl: LISTENER_TYPE,
        write: (writer) => writer.raw(Buffer.from(text)),
        versionOf: () => versionOf(text) + ending,
      });
      return { typeUrl: LISTENER_TYPE, name, version, bytes: unpackBytes(packed) };
    };
    const named = (hosts: readonly string[]) => form(`:${hosts.join(',')}${FORM_ENDING.named}`);
    const demand = { open: form(FORM_ENDING.open), named, closed: form(FORM_ENDING.closed), clusters };
    this.stage(LISTENER_TYPE, name, { ...form(''), demand });
    this.publish();
  }

  /** Upserts (`text`) or removes (`undefined`) and publishes. `references` as of a cluster. */
  put(
    typeUrl: string,
    contents: Readonly<Record<string, string | undefined>>,
    references?: readonly string[],
    owner?: string,
  ): void {
    for (const [name, text] of Object.entries(contents)) {
      if (text === undefined) {
        this.stage(typeUrl, name, undefined);
        continue;
      }
      const { version, packed } = frameResource({
        name,
        typeUrl,
        write: (writer) => writer.raw(Buffer.from(text)),
        versionOf: () => versionOf(text),
      });
      this.stage(typeUrl, name, {
        typeUrl,
        name,
        version,
        bytes: unpackBytes(packed),
        ...(references && { references }),
        owner,
      });
    }
    this.publish();
  }
}

export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
