import { expect, test } from 'vitest';
import { metrics } from '../contracts/metrics.ts';
import { Telemetry } from './telemetry.ts';

const entries = Object.entries(metrics);

test.each(entries)('%s is named after what it counts, in base units', (name, { kind }) => {
  expect(name).toMatch(/^eloquence_[a-z_]+$/);
  expect(name.endsWith('_total')).toBe(kind === 'counter');
  expect(kind !== 'histogram' || name.endsWith('_seconds')).toBe(true);
});

test.each(entries)('%s has no label that could name a room, person or session', (_name, { labels }) => {
  const allowed = [
    'service',
    'method',
    'route',
    'status',
    'scenario',
    'reason',
    'provider',
    'outcome',
    'direction',
    'state',
  ];
  allowed.push('engine', 'kind', 'stage', 'type', 'name');
  // What a model is asked for: talk, summarise, synthesise, judge.
  allowed.push('purpose');
  // Of a meeting: read, notes, report, files.
  allowed.push('part');
  // Engines, in a hand-over.
  allowed.push('from', 'to');
  expect(labels.filter((label) => !allowed.includes(label))).toEqual([]);
});

test.each(entries)('the buckets of %s are in order', (_name, entry) => {
  const buckets: readonly number[] = 'buckets' in entry ? entry.buckets : [];
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  expect(entry.kind === 'histogram').toBe(buckets.length > 0);
});

test('a service exports what it used, and only that', async () => {
  const telemetry = new Telemetry({ processMetrics: false });
  telemetry.count('eloquence_jobs_total', { name: 'close_session', outcome: 'completed' });
  telemetry.count('eloquence_jobs_total', { name: 'close_session', outcome: 'completed' }, 2);
  telemetry.set('eloquence_events_lag_seconds', 1.5);
  telemetry.observe('eloquence_llm_ttft_seconds', { provider: 'demo' }, 0.06);
  const text = await telemetry.registry.metrics();
  expect(text).toContain('eloquence_jobs_total{name="close_session",outcome="completed"} 3');
  expect(text).toContain('eloquence_events_lag_seconds 1.5');
  expect(text).toContain('eloquence_llm_ttft_seconds_bucket{le="0.07",provider="demo"} 1');
  expect(text).not.toContain('eloquence_tts_requests_total');
});

test('a label that is not on the list is refused', () => {
  const telemetry = new Telemetry({ processMetrics: false });
  const labels = { name: 'x', outcome: 'y', session_id: 'ses_x' } as { name: string; outcome: string };
  expect(() => telemetry.count('eloquence_jobs_total', labels)).toThrow('session_id');
});
