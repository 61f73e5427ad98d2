import { Counter, Gauge, type Registry } from 'prom-client';

/** Series of one metric: its labels, and the value. */
export type Series<L extends string> = readonly (readonly [Readonly<Record<L, string>>, number])[];

/** A gauge whose value is asked for at each scrape. */
export function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

/** As `gauge`, with labels. A series that is not given any more is gone. */
export function gauges<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[],
  series: () => Series<L>,
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of series()) this.set(labels, value);
    },
  });
}

/** Counters that something else keeps; they never go back. */
export function counters<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[],
  series: () => Series<L>,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of series()) this.inc(labels, value);
    },
  });
}
