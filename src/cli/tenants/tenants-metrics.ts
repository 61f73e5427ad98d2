import { Registry } from 'prom-client';
import type { TenantController } from '../../tenants/tenant-controller.ts';
import { counters, gauge, gauges } from '../metrics/gauges.ts';
import { registerProcessMetrics } from '../metrics/process-metrics.ts';

export type TenantFigures = Pick<TenantController, 'isLeading' | 'backlog' | 'counts' | 'names' | 'states'>;

/** Prometheus metrics of `sluice tenants`. */
export function tenantsRegistry(controller: TenantFigures): Registry {
  const registry = new Registry();
  registerProcessMetrics(registry);
  gauges(
    registry,
    'sluice_tenants',
    'Tenant objects, by the reason of their condition: Exposed, NotWanted, Resolving, or what is wrong. Of the replica that writes.',
    ['mapping', 'state'],
    () => controller.states().map(({ mapping, state, count }) => [{ mapping, state }, count]),
  );
  gauge(registry, 'sluice_tenants_leader', 'Whether this replica writes.', () =>
    Number(controller.isLeading),
  );
  gauge(
    registry,
    'sluice_tenants_pending',
    'Tenants that wait to be worked on, those that are tried again later included.',
    () => controller.backlog,
  );
  gauge(
    registry,
    'sluice_tenants_names',
    'DNS names of endpoints that are followed.',
    () => controller.names.known,
  );
  gauge(
    registry,
    'sluice_tenants_names_failing',
    'DNS names of which the last addresses are used on, or none are known, because they cannot be resolved.',
    () => controller.names.failing,
  );
  const { counts } = controller;
  counters(
    registry,
    'sluice_tenants_writes_total',
    'Objects that were written (apply) or removed (delete).',
    ['kind', 'operation'],
    () =>
      (['Service', 'EndpointSlice', 'TLSRoute'] as const).flatMap((kind) => [
        [{ kind, operation: 'apply' }, counts.applied[kind]] as const,
        [{ kind, operation: 'delete' }, counts.removed[kind]] as const,
      ]),
  );
  counters(
    registry,
    'sluice_tenants_reports_total',
    'Conditions of tenant objects that were written.',
    [],
    () => [[{}, counts.reports]],
  );
  counters(
    registry,
    'sluice_tenants_write_failures_total',
    'Writes that the API server refused or did not answer.',
    [],
    () => [[{}, counts.failures]],
  );
  return registry;
}
