import { byId, h } from './elements.ts';
import { clock, count, duration, quantile } from './words.ts';

/** How long is shown, and what is one column of it. */
const SHOWN_MS = 10 * 60_000;
const COLUMN_MS = 5_000;
const COLUMNS = SHOWN_MS / COLUMN_MS;
/** Of one column, at most: a burst has thousands. */
const MOST_IN_COLUMN = 500;
const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 56;
const BOTTOM = 20;
/** The vertical axis is logarithmic. */
const LEAST_MS = 1;

interface Column {
  /** Start, in units of `COLUMN_MS`. */
  readonly index: number;
  readonly values: number[];
  seen: number;
}

/** From an object that was read to the acknowledgement of an Envoy, since this page was opened. */
export class PropagationPlot {
  #columns: Column[] = [];
  #isDrawn = true;

  add(ms: number, at = Date.now()): void {
    const index = Math.floor(at / COLUMN_MS);
    let last = this.#columns.at(-1);
    if (last?.index !== index) {
      last = { index, values: [], seen: 0 };
      this.#columns.push(last);
      this.#columns = this.#columns.filter((column) => column.index > index - COLUMNS);
    }
    last.seen += 1;
    if (last.values.length < MOST_IN_COLUMN) last.values.push(ms);
    else {
      // Each value of the column is as likely to be kept as any other.
      const place = Math.floor(Math.random() * last.seen);
      if (place < MOST_IN_COLUMN) last.values[place] = ms;
    }
    this.#isDrawn = false;
  }

  /** Median and worst of the last minutes. */
  summary(): { readonly p50: number; readonly worst: number; readonly seen: number } | undefined {
    const values = this.#columns.flatMap((column) => column.values);
    const p50 = quantile(values, 0.5);
    if (p50 === undefined) return undefined;
    const seen = this.#columns.reduce((sum, column) => sum + column.seen, 0);
    return { p50, worst: Math.max(...values), seen };
  }

  draw(now = Date.now()): void {
    const summary = this.summary();
    if (this.#isDrawn && summary === undefined) return;
    this.#isDrawn = true;
    const text =
      summary === undefined
        ? 'No change since this page was opened.'
        : `${count(summary.seen, 'acknowledgement')} in the last ten minutes: median ${duration(summary.p50)}, worst ${duration(summary.worst)}.`;
    byId('propagation-text').textContent = text;
    const most = Math.max(100, summary?.worst ?? 0);
    byId('propagation').replaceChildren(this.#svg(most, Math.floor(now / COLUMN_MS), text));
  }

  #svg(most: number, newest: number, label: string): SVGElement {
    const y = (ms: number): number =>
      (HEIGHT - BOTTOM) * (1 - Math.log(Math.max(ms, LEAST_MS)) / Math.log(most * 1.2)) + 2;
    const x = (index: number): number => LEFT + ((index - newest + COLUMNS - 1) / COLUMNS) * (WIDTH - LEFT);
    const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
    for (let ms = LEAST_MS; ms <= most * 1.2; ms *= 10) {
      svg.append(
        shape('line', { x1: LEFT, x2: WIDTH, y1: y(ms), y2: y(ms), class: 'grid' }),
        shape('text', { x: LEFT - 6, y: y(ms) + 4, class: 'tick end' }, duration(ms).replace('.0', '')),
      );
    }
    for (const share of [0, 0.5, 1]) {
      const index = newest - (COLUMNS - 1) * (1 - share);
      const at = new Date(index * COLUMN_MS);
      const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
      svg.append(shape('text', { x: x(index), y: HEIGHT - 4, class: `tick ${anchor}` }, clock(at)));
    }
    const width = (WIDTH - LEFT) / COLUMNS;
    for (const { index, values } of this.#columns) {
      const worst = Math.max(...values);
      const middle = quantile(values, 0.5) ?? worst;
      const height = Math.max(1.5, y(LEAST_MS) - y(worst));
      svg.append(
        shape('rect', { x: x(index), y: y(LEAST_MS) - height, width: width * 0.8, height, class: 'worst' }),
        shape('rect', { x: x(index), y: y(middle) - 1, width: width * 0.8, height: 2, class: 'median' }),
      );
    }
    return svg;
  }

  /** The same for those who do not see the plot: a row for each minute. */
  minutes(): readonly (readonly [string, number, number])[] {
    const found = new Map<number, number[]>();
    for (const { index, values } of this.#columns) {
      const minute = Math.floor((index * COLUMN_MS) / 60_000);
      found.set(minute, [...(found.get(minute) ?? []), ...values]);
    }
    return [...found].map(([minute, values]) => [
      clock(new Date(minute * 60_000)),
      quantile(values, 0.5) ?? 0,
      Math.max(...values),
    ]);
  }
}

function shape(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== '') element.textContent = text;
  return element;
}

/** The table below the plot, made when it is opened. */
export function minuteTable(plot: PropagationPlot): HTMLElement {
  return h(
    'table',
    {},
    h('caption', { class: 'hidden' }, 'Propagation by minute'),
    h(
      'thead',
      {},
      h('tr', {}, ...['Minute', 'Median', 'Worst'].map((name) => h('th', { scope: 'col' }, name))),
    ),
    h(
      'tbody',
      {},
      ...plot
        .minutes()
        .map(([minute, p50, worst]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, minute),
            h('td', {}, duration(p50)),
            h('td', {}, duration(worst)),
          ),
        ),
    ),
  );
}
