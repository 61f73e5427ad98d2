/** Charts as SVG text: lines over a logarithmic axis of routes, and horizontal bars. No library, no script inside. */

const WIDTH = 720;
const HEIGHT = 360;
const MARGIN = { top: 44, right: 150, bottom: 48, left: 64 };
const COLORS = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed', '#525252'];
const FONT = 'font-family="system-ui, sans-serif"';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  readonly series: readonly Series[];
  /** Horizontal lines with a name: goals. */
  readonly limits?: readonly { readonly name: string; readonly y: number }[];
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

export function lineChart({ title, x, y, logX = false, series, limits = [] }: LineChart): string {
  const points = series.flatMap((each) => each.points);
  const xs = points.map(([value]) => value);
  const highest = Math.max(...points.map(([, value]) => value), ...limits.map((limit) => limit.y));
  const across = logX
    ? logScale(xs, MARGIN.left, WIDTH - MARGIN.right)
    : linearScale(Math.max(...xs), MARGIN.left, WIDTH - MARGIN.right);
  const up = linearScale(highest, HEIGHT - MARGIN.bottom, MARGIN.top);
  const parts = [
    text(MARGIN.left, 24, title, 'font-size="15" font-weight="600"'),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, x, 'text-anchor="middle" font-size="12"'),
    text(MARGIN.left - 8, MARGIN.top - 8, y, 'text-anchor="end" font-size="12"'),
    ...up.ticks.flatMap((value) => [
      line(MARGIN.left, up.at(value), WIDTH - MARGIN.right, up.at(value), '#e5e5e5'),
      text(MARGIN.left - 8, up.at(value) + 4, number(value), 'text-anchor="end" font-size="11"'),
    ]),
    ...across.ticks.map((value) =>
      text(
        across.at(value),
        HEIGHT - MARGIN.bottom + 18,
        number(value),
        'text-anchor="middle" font-size="11"',
      ),
    ),
    ...limits.flatMap((limit) => [
      line(MARGIN.left, up.at(limit.y), WIDTH - MARGIN.right, up.at(limit.y), '#737373', '4 4'),
      text(WIDTH - MARGIN.right + 8, up.at(limit.y) + 4, limit.name, 'font-size="11" fill="#737373"'),
    ]),
    ...series.flatMap((each, index) => drawn(each, COLORS[index % COLORS.length] ?? '#000', across, up)),
    ...endLabels(series, up),
  ];
  return svg(title, HEIGHT, parts);
}

function drawn({ points }: Series, color: string, across: Scale, up: Scale): string[] {
  const places = points.map(([x, y]) => [across.at(x), up.at(y)] as const);
  const path = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const dots = places.length > 30 ? [] : places;
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...dots.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${color}"/>`),
  ];
}

/** Names at the ends of the lines, kept apart. */
function endLabels(series: readonly Series[], up: Scale): string[] {
  const places = series
    .map(({ name, points }, index) => ({
      name,
      color: COLORS[index % COLORS.length] ?? '#000',
      y: up.at(points.at(-1)?.[1] ?? 0) + 4,
    }))
    .sort((a, b) => a.y - b.y);
  let least = Number.NEGATIVE_INFINITY;
  return places.map(({ name, color, y }) => {
    least = Math.max(y, least + 14);
    return text(WIDTH - MARGIN.right + 8, least, name, `font-size="12" fill="${color}"`);
  });
}

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number; readonly group: string }[];
}

/** On a logarithmic axis, since what is compared differs by powers of ten. One colour for each group. */
export function barChart({ title, unit, bars }: BarChart): string {
  const rowHeight = 20;
  const left = 270;
  const values = bars.map(({ value }) => value).filter((value) => value > 0);
  const across = logScale(
    [...values, 10 ** (Math.ceil(Math.log10(Math.min(...values))) - 1)],
    left,
    WIDTH - 80,
  );
  const groups = [...new Set(bars.map(({ group }) => group))];
  const parts = bars.flatMap(({ name, value, group }, index) => {
    const y = MARGIN.top + index * rowHeight;
    const end = value > 0 ? across.at(value) : left;
    const color = COLORS[groups.indexOf(group) % COLORS.length] ?? '#000';
    return [
      text(left - 8, y + 13, name, 'text-anchor="end" font-size="12"'),
      `<rect x="${left}" y="${y + 2}" width="${Math.max(1, end - left).toFixed(1)}" height="${rowHeight - 5}" fill="${color}"/>`,
      text(end + 6, y + 13, `${number(value)} ${unit}`, 'font-size="11"'),
    ];
  });
  const height = MARGIN.top + bars.length * rowHeight + 16;
  return svg(title, height, [text(16, 24, title, 'font-size="15" font-weight="600"'), ...parts]);
}

function linearScale(highest: number, from: number, to: number): Scale {
  const rough = highest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.max(1, Math.ceil(highest / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  return { ticks, at: (value) => from + (value / (count * step)) * (to - from) };
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const [low, high] = [Math.log(ticks[0] ?? 1), Math.log(ticks.at(-1) ?? 10)];
  return { ticks, at: (value) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from) };
}

function svg(title: string, height: number, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ${FONT}>`;
  const ground = `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`;
  return `${[open, `<title>${escaped(title)}</title>`, ground, ...parts, '</svg>'].join('\n')}\n`;
}

function line(x1: number, y1: number, x2: number, y2: number, color: string, dashes = ''): string {
  const at = `x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}"`;
  return `<line ${at} stroke="${color}"${dashes === '' ? '' : ` stroke-dasharray="${dashes}"`}/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function number(value: number): string {
  if (value >= 1_000) return value.toLocaleString('en', { maximumFractionDigits: 0 });
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
