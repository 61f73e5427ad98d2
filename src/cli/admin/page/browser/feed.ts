import type { ChangeEvent } from '../../api/shapes.ts';
import { byId, h, type Tone } from './elements.ts';
import type { PropagationPlot } from './plot.ts';
import { clock, count, duration, listed } from './words.ts';

/** Entries that are kept in the list. */
const MOST = 100;
/** Between two drawings: at a thousand changes a second the page must not be busy with itself. */
const DRAW_MS = 250;

type Change = Extract<ChangeEvent, { type: 'change' }>;

interface Entry {
  readonly item: HTMLLIElement;
  readonly told: HTMLElement;
  readonly change: Change;
  acknowledged: number;
  worstMs: number;
}

/** The list of what happens, newest first. */
export class Feed {
  readonly #list = byId('changes');
  readonly #plot: PropagationPlot;
  /** Changes of the list that Envoys are to acknowledge, by id. */
  readonly #open = new Map<number, Entry>();
  #waiting: HTMLLIElement[] = [];
  #leftOut = 0;
  #timer: number | undefined;
  isPaused = false;

  constructor(plot: PropagationPlot) {
    this.#plot = plot;
  }

  event(event: ChangeEvent): void {
    switch (event.type) {
      case 'change':
        this.#change(event);
        return;
      case 'acknowledged':
        this.#plot.add(event.ms);
        this.#acknowledged(event.id, event.node, event.ms);
        return;
      case 'rejected':
        this.#put('bad', `rejected by ${event.node}: ${listed(event.names)}`, event.error);
        return;
      case 'node':
        this.#put(
          event.connected ? 'good' : 'bad',
          `${event.node} ${event.connected ? 'connected' : 'disconnected'}`,
          event.reason ?? '',
        );
        return;
      case 'dropped':
        this.#put('odd', `${count(event.count, 'event')} left out: this page did not take them in time`, '');
        return;
      case 'hello':
        // Ids begin anew with a new connection.
        this.#open.clear();
    }
  }

  /** A line of this page's own. */
  note(tone: Tone, text: string): void {
    this.#put(tone, text, '');
  }

  #change(change: Change): void {
    if (this.isPaused) return;
    const { objects, hosts, resources, computedMs, nodes } = change;
    const told = h(
      'span',
      { class: 'quiet' },
      nodes === 0 ? 'no Envoy is connected' : `0 of ${count(nodes, 'Envoy')}`,
    );
    const what = [
      listed(objects.names, objects.count),
      hosts.count === 0 ? '' : `${count(hosts.count, 'host')}: ${listed(hosts.names, hosts.count)}`,
      resources.removals === 0 ? '' : `${count(resources.removals, 'resource')} removed`,
    ].filter((text) => text !== '');
    const item = this.#put(
      undefined,
      what.join(' · '),
      `computed in ${duration(computedMs)}`,
      told,
      new Date(change.at),
    );
    this.#open.set(change.id, { item, told, change, acknowledged: 0, worstMs: 0 });
    for (const id of this.#open.keys()) {
      if (this.#open.size <= MOST) break;
      this.#open.delete(id);
    }
  }

  #acknowledged(id: number, node: string, ms: number): void {
    const entry = this.#open.get(id);
    if (entry === undefined) return;
    entry.acknowledged += 1;
    entry.worstMs = Math.max(entry.worstMs, ms);
    const { change, told, acknowledged, worstMs } = entry;
    if (acknowledged >= change.nodes) {
      this.#open.delete(id);
      told.className = 'good';
      told.textContent = `${change.nodes === 1 ? node : `all ${change.nodes} Envoys`} after ${duration(worstMs)}`;
    } else told.textContent = `${acknowledged} of ${count(change.nodes, 'Envoy')}`;
  }

  #put(
    tone: Tone | undefined,
    text: string,
    detail: string,
    more?: HTMLElement,
    at = new Date(),
  ): HTMLLIElement {
    const item = h('li', { class: tone });
    item.append(h('time', { datetime: at.toISOString() }, clock(at)), h('span', { class: 'what' }, text));
    if (detail !== '') item.append(h('span', { class: 'quiet' }, detail));
    if (more !== undefined) item.append(more);
    this.#waiting.push(item);
    if (this.#waiting.length > MOST) {
      this.#waiting.shift();
      this.#leftOut += 1;
    }
    this.#timer ??= window.setTimeout(() => this.#draw(), DRAW_MS);
    return item;
  }

  #draw(): void {
    this.#timer = undefined;
    if (this.#leftOut > 0)
      this.#waiting.unshift(
        h('li', { class: 'quiet' }, `${this.#leftOut.toLocaleString('en')} more at once, not shown`),
      );
    this.#leftOut = 0;
    this.#list.prepend(...this.#waiting.reverse());
    this.#waiting = [];
    while (this.#list.childElementCount > MOST) this.#list.lastElementChild?.remove();
    byId('no-changes').hidden = this.#list.childElementCount > 0;
  }
}
