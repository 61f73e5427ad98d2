/** A server-sent event. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event: what is longer is not what we send. */
const MOST_CHARACTERS = 1024 * 1024;

/** The events of a stream of bytes; comments are left out. */
export async function* serverSentEvents(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<ServerSentEvent, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    if (rest.length > MOST_CHARACTERS) throw new Error('an event is too long');
    for (const block of blocks) {
      const found = eventIn(block);
      if (found !== undefined) yield found;
    }
  }
}

function eventIn(block: string): ServerSentEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
