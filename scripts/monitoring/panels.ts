/** Panels of Grafana's dashboards, as few words each as will do. */

export type Unit = 'short' | 's' | 'bytes' | 'Bps' | 'ops' | 'percentunit' | 'percent' | 'dtdurations';

/** An expression, and the legend of its series. */
export type Query = readonly [expr: string, legend?: string];

export interface Panel {
  readonly title: string;
  readonly type: 'stat' | 'timeseries' | 'table' | 'heatmap' | 'row';
  readonly description?: string;
  readonly unit?: Unit;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  /** From which value on it is coloured as bad. */
  readonly badFrom?: number;
  readonly stacked?: boolean;
}

type Options = Partial<Pick<Panel, 'description' | 'unit' | 'width' | 'badFrom' | 'stacked'>>;

/** One number. */
export function stat(title: string, expr: string, options: Options = {}): Panel {
  return { title, type: 'stat', queries: [[expr]], width: 4, ...options };
}

export function graph(title: string, queries: readonly Query[], options: Options = {}): Panel {
  return { title, type: 'timeseries', queries, width: 12, ...options };
}

/** A row for each series, as they are now. */
export function table(title: string, expr: string, options: Options = {}): Panel {
  return { title, type: 'table', queries: [[expr]], width: 24, ...options };
}

/** Of a histogram's buckets. */
export function heatmap(title: string, expr: string, options: Options = {}): Panel {
  return { title, type: 'heatmap', queries: [[expr, '{{le}}']], width: 12, unit: 's', ...options };
}

export function row(title: string): Panel {
  return { title, type: 'row', queries: [], width: 24 };
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(metric, label)`, or a text that is typed. */
  readonly query: string;
  readonly type: 'query' | 'textbox';
}

export interface Dashboard {
  /** Of the file, and in addresses. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly panels: readonly Panel[];
}

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const HEIGHTS = { stat: 4, timeseries: 8, table: 8, heatmap: 8, row: 1 } as const;

/** What Grafana imports. */
export function grafanaJson(dashboard: Dashboard): Record<string, unknown> {
  const { uid, title, description, variables, panels } = dashboard;
  return {
    uid,
    title,
    description,
    tags: ['sluice'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    links: [{ type: 'dashboards', tags: ['sluice'], title: 'Sluice', asDropdown: true, keepTime: true }],
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        ...variables.map(variableJson),
      ],
    },
    panels: placed(panels),
  };
}

function variableJson({ name, label, query, type }: Variable): object {
  if (type === 'textbox') return { name, label, type, query };
  return {
    name,
    label,
    type,
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: ['All'], value: ['$__all'] },
  };
}

/** From left to right, a new line where the next does not fit. */
function placed(panels: readonly Panel[]): object[] {
  let [x, y, height] = [0, 0, 0];
  return panels.map((panel, index) => {
    if (x + panel.width > 24) [x, y, height] = [0, y + height, 0];
    const gridPos = { x, y, w: panel.width, h: HEIGHTS[panel.type] };
    x += panel.width;
    height = Math.max(height, gridPos.h);
    return panelJson(panel, index + 1, gridPos);
  });
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { title, type, description, unit = 'short', queries, badFrom, stacked = false } = panel;
  if (type === 'row') return { id, title, type, gridPos, collapsed: false, panels: [] };
  const steps = [
    { color: 'green', value: null },
    ...(badFrom === undefined ? [] : [{ color: 'red', value: badFrom }]),
  ];
  const custom = stacked ? { stacking: { mode: 'normal' }, fillOpacity: 20 } : { fillOpacity: 5 };
  return {
    id,
    title,
    type,
    ...(description !== undefined && { description }),
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        ...(type === 'timeseries' && { custom }),
      },
      overrides: [],
    },
    ...optionsOf(type),
    targets: queries.map(([expr, legend], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      ...(legend !== undefined && { legendFormat: legend }),
      ...(type === 'stat' || type === 'table' ? { instant: true } : { range: true }),
      ...(type === 'table' && { format: 'table' }),
      ...(type === 'heatmap' && { format: 'heatmap' }),
    })),
  };
}

function optionsOf(type: Panel['type']): object {
  switch (type) {
    case 'timeseries':
      return {
        options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      };
    case 'stat':
      return {
        options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' },
      };
    case 'table':
      return {
        transformations: [{ id: 'organize', options: { excludeByName: { Time: true, __name__: true } } }],
      };
    default:
      return { options: { calculate: false, yAxis: { unit: 's' } } };
  }
}
