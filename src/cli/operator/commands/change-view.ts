import type { ChangeEvent, Listed } from '../../admin/api/shapes.ts';
import type { OutputConfig } from '../operator-flags.ts';
import type { Paint } from '../render/paint.ts';
import { counted, printable } from '../render/text-table.ts';

type Change = Extract<ChangeEvent, { readonly type: 'change' }>;

/** A change as all replicas have it: each computes it, and tells its own Envoys. */
interface SharedChange {
  readonly number: number;
  readonly replicas: Set<string>;
  /** Acknowledgements that are still to come, over the replicas that told of it. */
  owed: number;
  isDone: boolean;
}

/** Changes that are remembered, to know them when another replica tells of them. */
const MOST_REMEMBERED = 200;

/** Makes lines of what the replicas say; each change is told once, whichever replica was first. */
export class ChangeView {
  readonly #replicas: number;
  readonly #paint: Paint;
  readonly #format: OutputConfig['output'];
  /** By what the change is of. */
  readonly #byContent = new Map<string, SharedChange>();
  /** By replica and number of the change there. */
  readonly #byId = new Map<string, SharedChange>();
  #count = 0;
  #doneCount = 0;

  constructor(options: {
    readonly replicas: number;
    readonly paint: Paint;
    readonly format: OutputConfig['output'];
  }) {
    this.#replicas = options.replicas;
    this.#paint = options.paint;
    this.#format = options.format;
  }

  /** Changes that all Envoys of all replicas have acknowledged. */
  get doneCount(): number {
    return this.#doneCount;
  }

  /** What is to be printed; `''` for nothing. */
  take(replica: string, event: ChangeEvent): string {
    const text = this.#textOf(replica, event);
    if (this.#format === 'json')
      return `${JSON.stringify({ ...event, replica, ...this.#numberOf(replica, event) })}\n`;
    if (this.#format === 'yaml')
      return `---\n${Object.entries({ ...event, replica })
        .map(yamlLine)
        .join('')}`;
    return text;
  }

  #numberOf(replica: string, event: ChangeEvent): { readonly change?: number } {
    const shared = 'id' in event ? this.#byId.get(`${replica} ${event.id}`) : undefined;
    return shared === undefined ? {} : { change: shared.number };
  }

  #textOf(replica: string, event: ChangeEvent): string {
    switch (event.type) {
      case 'hello':
        return `${this.#paint('dim', `watching replica ${replica}, to which ${counted(event.nodes.length, 'Envoy')} ${event.nodes.length === 1 ? 'is' : 'are'} connected`)}\n`;
      case 'change':
        return this.#changed(replica, event);
      case 'acknowledged':
        return this.#acknowledged(replica, event);
      case 'rejected':
        return `${this.#paint('bad', printable(`${event.node} rejects ${event.names.join(', ')}: ${event.error}`))}\n`;
      case 'node':
        return `${this.#paint(event.connected ? 'good' : 'bad', `${printable(event.node)} ${event.connected ? 'connected' : 'disconnected'}`)} (replica ${replica})\n`;
      case 'dropped':
        return `${this.#paint('odd', `${event.count} events came too fast to be told`)}\n`;
      default:
        return event satisfies never;
    }
  }

  #changed(replica: string, change: Change): string {
    const content = JSON.stringify([change.objects, change.hosts]);
    const known = this.#byContent.get(content);
    const isNew = known === undefined || known.replicas.has(replica);
    const shared = isNew ? this.#newChange(content) : known;
    shared.replicas.add(replica);
    shared.owed += change.nodes;
    this.#byId.set(`${replica} ${change.id}`, shared);
    this.#forget();
    this.#settle(shared);
    if (!isNew) return '';
    const { resources, computedMs, objects, hosts, at } = change;
    const what = `${listedText(objects)}${hosts.count === 0 ? '' : ` -> ${listedText(hosts)}`}`;
    return `${this.#paint('strong', `#${shared.number}`)} ${at.slice(11, 23)} ${printable(what)}\n    computed after ${computedMs} ms: ${counted(resources.upserts, 'resource')} changed, ${resources.removals} removed\n`;
  }

  #newChange(content: string): SharedChange {
    this.#count += 1;
    const shared: SharedChange = { number: this.#count, replicas: new Set(), owed: 0, isDone: false };
    this.#byContent.set(content, shared);
    return shared;
  }

  #acknowledged(replica: string, { id, node, ms }: Extract<ChangeEvent, { type: 'acknowledged' }>): string {
    const shared = this.#byId.get(`${replica} ${id}`);
    if (shared === undefined) return '';
    shared.owed -= 1;
    this.#settle(shared);
    return `    #${shared.number} on ${printable(node)} after ${this.#paint('good', `${ms} ms`)}\n`;
  }

  #settle(shared: SharedChange): void {
    if (shared.isDone || shared.owed > 0 || shared.replicas.size < this.#replicas) return;
    shared.isDone = true;
    this.#doneCount += 1;
  }

  #forget(): void {
    for (const map of [this.#byContent, this.#byId]) {
      const [oldest] = map.keys();
      if (map.size > MOST_REMEMBERED && oldest !== undefined) map.delete(oldest);
    }
  }
}

function listedText({ count, names }: Listed): string {
  const more = count > names.length ? ` and ${count - names.length} more` : '';
  return `${names.join(', ')}${more}`;
}

/** JSON is YAML. */
function yamlLine([name, value]: readonly [string, unknown]): string {
  return `${name}: ${JSON.stringify(value)}\n`;
}
