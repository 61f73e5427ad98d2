import type { RejectionEvent } from '../../xds/rejections.ts';
import { typeLabel } from '../metrics/type-label.ts';
import type { LineBudget } from './line-budget.ts';

/** Names in one line: an Envoy may reject thousands at once. */
const MAX_NAMES = 20;

/** Tells in the log what an Envoy rejected, and when it is in force after all. */
export function logRejection(event: RejectionEvent, lines: LineBudget): void {
  const { node, names } = event;
  const type = typeLabel(event.typeUrl);
  if (event.type === 'rejected') {
    lines.line(
      'rejections',
      'warn',
      { code: 'SLUICE_XDS_NACK', node, type, held: names.slice(0, MAX_NAMES), error: event.error },
      'Envoy rejected a response; what it names is held back and tried again, the rest is in force',
    );
    return;
  }
  lines.line(
    'rejections',
    'info',
    { code: 'SLUICE_XDS_NACK', node, type, resources: names.slice(0, MAX_NAMES), count: names.length },
    'what Envoy had rejected was accepted: it is no longer held back, it is in force again',
  );
}
