import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metrics, type MetricName } from '../contracts/metrics.ts';

type Kind<N extends MetricName> = (typeof metrics)[N]['kind'];
type NamesOf<K> = { [N in MetricName]: Kind<N> extends K ? N : never }[MetricName];
type Labels<N extends MetricName> = Record<(typeof metrics)[N]['labels'][number], string>;
type GaugeLabels<N extends MetricName> = (typeof metrics)[N]['labels'] extends readonly [] ? [] : [labels: Labels<N>];

/**
 * The registry of one process. Metrics come from the one list in contracts, so a name or label that is not there does
 * not compile; each is registered when first used, so a service exports only its own.
 */
export class Telemetry {
  readonly registry = new Registry();
  readonly #made = new Map<string, Counter | Gauge | Histogram>();

  constructor(options: { readonly processMetrics?: boolean } = {}) {
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry });
  }

  /** Adds to a counter; `by` defaults to 1. */
  count<N extends NamesOf<'counter'>>(name: N, labels: Labels<N>, by = 1): void {
    (this.#get(name) as Counter).inc(labels, by);
  }

  /** Sets a gauge; one without labels takes none. */
  set<N extends NamesOf<'gauge'>>(name: N, value: number, ...labels: GaugeLabels<N>): void {
    (this.#get(name) as Gauge).set(labels[0] ?? {}, value);
  }

  /** Records one observation, in the unit of the metric's name (seconds). */
  observe<N extends NamesOf<'histogram'>>(name: N, labels: Labels<N>, value: number): void {
    (this.#get(name) as Histogram).observe(labels, value);
  }

  #get(name: MetricName): Counter | Gauge | Histogram {
    const known = this.#made.get(name);
    if (known) return known;
    const entry = metrics[name];
    const common = { name, help: entry.help, labelNames: [...entry.labels], registers: [this.registry] };
    const made =
      entry.kind === 'counter'
        ? new Counter(common)
        : entry.kind === 'gauge'
          ? new Gauge(common)
          : new Histogram({ ...common, buckets: [...entry.buckets] });
    this.#made.set(name, made);
    return made;
  }
}
