import { DashboardBuilder, DatasourceVariableBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import type { MetricName } from '@eloquence/shared/contracts/metrics';

/** Metrics of parts that are not ours or not TypeScript: whisper-stt, livekit-server, the process exporters. */
type ForeignMetric =
  | `eloquence_whisper_${string}`
  | `livekit_${string}`
  | 'up'
  | 'process_resident_memory_bytes'
  | 'process_cpu_seconds_total'
  | 'nodejs_eventloop_lag_p99_seconds';

/** A metric as PromQL names it; histograms are queried through their `_bucket`. A name not in the list does not compile. */
type Series = MetricName | `${MetricName}_bucket` | `${MetricName}_count` | ForeignMetric;

/** The data source chosen at the top of the page. */
const source = { type: 'prometheus', uid: '${datasource}' };

interface Query {
  readonly expr: string;
  readonly legend: string;
}

const rate = (series: Series, selector = '') => `rate(${series}${selector}[$__rate_interval])`;
const quantile = (q: number, series: Series, options: { by?: string; selector?: string } = {}) =>
  `histogram_quantile(${q}, sum by (${['le', options.by].filter(Boolean).join(', ')}) (${rate(series, options.selector)}))`;

function stat(title: string, description: string, unit: string, query: Query) {
  return new StatPanel()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(source)
    .height(4)
    .span(4)
    .withTarget(new DataqueryBuilder().expr(query.expr).legendFormat(query.legend).refId('A'));
}

function graph(title: string, description: string, unit: string, queries: readonly Query[]) {
  const panel = new TimeseriesPanel()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(source)
    .height(8)
    .span(12)
    .min(0);
  for (const [index, query] of queries.entries()) {
    const refId = String.fromCharCode(65 + index);
    panel.withTarget(new DataqueryBuilder().expr(query.expr).legendFormat(query.legend).refId(refId));
  }
  return panel;
}

const total = '{stage="total"}';

function callPanels(builder: DashboardBuilder): void {
  builder
    .withRow(new RowBuilder('Calls'))
    .withPanel(
      stat('Answer, median', 'End of the person’s speech to the first sound of the answer', 's', {
        expr: quantile(0.5, 'eloquence_turn_seconds_bucket', { selector: total }),
        legend: 'p50',
      }),
    )
    .withPanel(
      stat('Answer, 19 of 20', 'The slowest one in twenty begins here', 's', {
        expr: quantile(0.95, 'eloquence_turn_seconds_bucket', { selector: total }),
        legend: 'p95',
      }),
    )
    .withPanel(stat('Calls now', 'Running agent jobs', 'short', { expr: 'sum(eloquence_agent_jobs)', legend: 'calls' }))
    .withPanel(
      stat('Sessions, 24 h', 'Sessions created', 'short', {
        expr: 'sum(increase(eloquence_sessions_created_total[24h]))',
        legend: 'sessions',
      }),
    )
    .withPanel(
      stat('Turns, 1 h', 'Answered, interrupted and failed turns', 'short', {
        expr: 'sum(increase(eloquence_turns_total[1h]))',
        legend: 'turns',
      }),
    )
    .withPanel(
      stat('Unsaved for', 'Age of the oldest event Postgres does not have', 's', {
        expr: 'max(eloquence_events_lag_seconds)',
        legend: 'lag',
      }),
    )
    .withPanel(
      graph('Where the time goes (p95 per stage)', 'Stages as the agent measured them; they may overlap', 's', [
        { expr: quantile(0.95, 'eloquence_turn_seconds_bucket', { by: 'stage' }), legend: '{{stage}}' },
      ]),
    )
    .withPanel(
      graph('Turns by outcome', 'Per second', 'short', [
        { expr: `sum by (outcome) (${rate('eloquence_turns_total')})`, legend: '{{outcome}}' },
      ]),
    );
}

function partPanels(builder: DashboardBuilder): void {
  builder
    .withRow(new RowBuilder('Hearing, thinking, speaking'))
    .withPanel(
      graph('Hearing: end of speech to final text', 'stt-gateway', 's', [
        { expr: quantile(0.5, 'eloquence_stt_final_seconds_bucket'), legend: 'p50' },
        { expr: quantile(0.95, 'eloquence_stt_final_seconds_bucket'), legend: 'p95' },
      ]),
    )
    .withPanel(
      graph('Hearing: streams and decodes', 'Open sockets; decodes per second by kind', 'short', [
        { expr: 'sum(eloquence_stt_streams)', legend: 'streams' },
        { expr: `sum by (kind, outcome) (${rate('eloquence_stt_decodes_total')})`, legend: '{{kind}} {{outcome}}' },
      ]),
    )
    .withPanel(
      graph('Hearing: wait for the engine (p95)', 'From when a decode is asked for to its call, by kind', 's', [
        { expr: quantile(0.95, 'eloquence_stt_queue_seconds_bucket', { by: 'kind' }), legend: '{{kind}}' },
      ]),
    )
    .withPanel(
      graph('Hearing: time of a call to the engine (p95)', 'By kind', 's', [
        { expr: quantile(0.95, 'eloquence_stt_call_seconds_bucket', { by: 'kind' }), legend: '{{kind}}' },
      ]),
    )
    .withPanel(
      graph('Hearing: calls to the engine', 'In flight now, and how many bring throughput as measured', 'short', [
        { expr: 'sum(eloquence_stt_calls_in_flight)', legend: 'in flight' },
        { expr: 'sum(eloquence_stt_call_limit)', legend: 'limit' },
      ]),
    )
    .withPanel(
      graph('Hearing: turned away', 'Streams refused, interims and guesses dropped, per second', 'short', [
        { expr: `sum by (reason) (${rate('eloquence_stt_refused_total')})`, legend: 'refused: {{reason}}' },
        {
          expr: `sum by (kind, reason) (${rate('eloquence_stt_optional_dropped_total')})`,
          legend: '{{kind}} dropped: {{reason}}',
        },
      ]),
    )
    .withPanel(
      graph('Thinking: first token', 'LLM proxy, by provider', 's', [
        { expr: quantile(0.5, 'eloquence_llm_ttft_seconds_bucket', { by: 'provider' }), legend: '{{provider}} p50' },
        { expr: quantile(0.95, 'eloquence_llm_ttft_seconds_bucket', { by: 'provider' }), legend: '{{provider}} p95' },
      ]),
    )
    .withPanel(
      graph('Thinking: calls by outcome', 'Per second', 'short', [
        {
          expr: `sum by (provider, outcome) (${rate('eloquence_llm_requests_total')})`,
          legend: '{{provider}} {{outcome}}',
        },
      ]),
    )
    .withPanel(
      graph('Speaking: first audio byte', 'tts-proxy, by provider', 's', [
        {
          expr: quantile(0.5, 'eloquence_tts_first_byte_seconds_bucket', { by: 'provider' }),
          legend: '{{provider}} p50',
        },
        {
          expr: quantile(0.95, 'eloquence_tts_first_byte_seconds_bucket', { by: 'provider' }),
          legend: '{{provider}} p95',
        },
      ]),
    )
    .withPanel(
      graph('Speaking: requests by outcome', 'Per second', 'short', [
        {
          expr: `sum by (provider, outcome) (${rate('eloquence_tts_requests_total')})`,
          legend: '{{provider}} {{outcome}}',
        },
      ]),
    );
}

/** What models cost, and how often the second choice had to speak or think. */
function accountPanels(builder: DashboardBuilder): void {
  const cached = rate('eloquence_llm_tokens_total', '{direction="cached"}');
  const read = rate('eloquence_llm_tokens_total', '{direction="in"}');
  const kept = rate('eloquence_tts_cache_total', '{outcome=~"hit|shared"}');
  const asked = rate('eloquence_tts_cache_total', '{outcome=~"hit|shared|miss"}');
  builder
    .withRow(new RowBuilder('Cost, caches, failover'))
    .withPanel(
      graph(
        'Thinking: cost per hour',
        'In the currency of the price table; models without a price are not in it',
        'short',
        [
          {
            expr: `3600 * sum by (provider) (${rate('eloquence_llm_cost_total')})`,
            legend: '{{provider}}',
          },
        ],
      ),
    )
    .withPanel(
      graph('Thinking: tokens', 'Per second; cached is part of in', 'short', [
        { expr: `sum by (direction) (${rate('eloquence_llm_tokens_total')})`, legend: '{{direction}}' },
      ]),
    )
    .withPanel(
      graph(
        'Caches',
        'Share of what was read that the LLM provider had kept; share of sentences spoken from memory',
        'percentunit',
        [
          { expr: `sum(${cached}) / sum(${read})`, legend: 'prompt tokens' },
          { expr: `sum(${kept}) / sum(${asked})`, legend: 'sentences' },
        ],
      ),
    )
    .withPanel(
      graph('Failovers', 'Answers and sentences given by another provider than the first, per second', 'short', [
        // No provider has failed yet: there is no series, and that is good news.
        { expr: `sum(${rate('eloquence_llm_failovers_total')}) or vector(0)`, legend: 'thinking' },
        { expr: `sum(${rate('eloquence_tts_failovers_total')}) or vector(0)`, legend: 'speaking' },
      ]),
    )
    .withPanel(
      graph(
        'Thinking: turned away',
        'Requests refused by a quota, or for a session that is not theirs, per second',
        'short',
        [{ expr: `sum by (reason) (${rate('eloquence_llm_refused_total')})`, legend: '{{reason}}' }],
      ),
    );
}

/** How meetings are written up. */
function meetingPanels(builder: DashboardBuilder): void {
  builder
    .withRow(new RowBuilder('Meetings'))
    .withPanel(
      graph('Meetings in work', 'Being recorded, or being written up', 'short', [
        { expr: 'sum by (state) (eloquence_meetings)', legend: '{{state}}' },
      ]),
    )
    .withPanel(
      graph('Meetings: end to report', 'Draft by code, final by a model', 's', [
        { expr: quantile(0.5, 'eloquence_report_seconds_bucket', { by: 'kind' }), legend: '{{kind}} p50' },
        { expr: quantile(0.95, 'eloquence_report_seconds_bucket', { by: 'kind' }), legend: '{{kind}} p95' },
      ]),
    )
    .withPanel(
      graph('Mini-summaries', 'Per minute; a hole is an interval no model summarised', 'short', [
        { expr: `60 * sum by (outcome) (${rate('eloquence_meeting_chunks_total')})`, legend: '{{outcome}}' },
      ]),
    )
    .withPanel(
      graph('Work of the worker', 'Jobs per minute', 'short', [
        { expr: `60 * sum by (name, outcome) (${rate('eloquence_jobs_total')})`, legend: '{{name}} {{outcome}}' },
      ]),
    );
}

function machinePanels(builder: DashboardBuilder): void {
  builder
    .withRow(new RowBuilder('Services'))
    .withPanel(graph('Up', '1 = answers its scrape', 'short', [{ expr: 'up', legend: '{{job}}' }]))
    .withPanel(
      graph('API: requests by status', 'api-backend, per second', 'reqps', [
        {
          expr: `sum by (status) (${rate('eloquence_http_request_seconds_count', '{service="api-backend"}')})`,
          legend: '{{status}}',
        },
      ]),
    )
    .withPanel(graph('Memory', 'Resident', 'bytes', [{ expr: 'process_resident_memory_bytes', legend: '{{job}}' }]))
    .withPanel(graph('CPU', 'Cores', 'short', [{ expr: rate('process_cpu_seconds_total'), legend: '{{job}}' }]))
    .withPanel(
      graph('Event loop lag p99', 'Above 20 ms audio begins to suffer', 's', [
        { expr: 'nodejs_eventloop_lag_p99_seconds', legend: '{{job}}' },
      ]),
    )
    .withPanel(
      graph('Events saved', 'meeting-worker, per second by type', 'short', [
        { expr: `sum by (type) (${rate('eloquence_events_persisted_total')})`, legend: '{{type}}' },
      ]),
    );
}

/** The dashboard an operator opens first: is it fast, is it well, and if not, which part. */
export function voiceDashboard() {
  const builder = new DashboardBuilder('Eloquence: voice')
    .uid('eloquence-voice')
    .description('Generated by infra/grafana/src; change it there and run npm run generate -w @eloquence/dashboards.')
    .tags(['eloquence'])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus').label('Data source'));
  callPanels(builder);
  partPanels(builder);
  accountPanels(builder);
  meetingPanels(builder);
  machinePanels(builder);
  return builder.build();
}

/** Every query of a built dashboard with the title of its panel, for the checks. */
export function queriesOf(dashboard: ReturnType<typeof voiceDashboard>): { title: string; expr: string }[] {
  return (dashboard.panels ?? []).flatMap((panel) => {
    const targets = (panel as { targets?: { expr?: string }[] }).targets ?? [];
    const title = (panel as { title?: string }).title ?? '';
    return targets.flatMap((target) => (target.expr ? [{ title, expr: target.expr }] : []));
  });
}
