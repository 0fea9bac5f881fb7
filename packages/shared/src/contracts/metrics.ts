/**
 * Every metric of the TypeScript services: the only place a name may be written. No room, user or session id as label.
 * Dashboards, alerts and `runtime/telemetry.ts` are checked against this list. whisper-stt's own are `eloquence_whisper_*`.
 */
export interface MetricEntry {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

/** Ratio ~1.35 from 50 ms to 10 s keeps the error of an interpolated p95 small. */
export const LATENCY_BUCKETS_S = [
  0.005, 0.01, 0.025, 0.05, 0.07, 0.09, 0.12, 0.17, 0.23, 0.3, 0.41, 0.55, 0.75, 1, 1.35, 1.8, 2.5, 3.3, 4.5, 6, 8, 10,
] as const;

export const metrics = {
  eloquence_http_request_seconds: {
    kind: 'histogram',
    help: 'HTTP request duration by route template',
    labels: ['service', 'method', 'route', 'status'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_sessions_created_total: { kind: 'counter', help: 'Sessions created', labels: ['scenario'] },
  eloquence_sessions_ended_total: { kind: 'counter', help: 'Sessions ended', labels: ['scenario', 'reason'] },
  eloquence_sse_clients: { kind: 'gauge', help: 'Open event streams', labels: [] },
  eloquence_llm_requests_total: { kind: 'counter', help: 'LLM calls', labels: ['provider', 'outcome'] },
  eloquence_llm_ttft_seconds: {
    kind: 'histogram',
    help: 'Request to first token at the LLM proxy',
    labels: ['provider'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_llm_tokens_total: {
    kind: 'counter',
    help: 'Tokens by direction: in, cached (part of in), out',
    labels: ['provider', 'direction'],
  },
  eloquence_llm_cost_total: {
    kind: 'counter',
    help: 'Cost by the price table, in its currency',
    labels: ['provider', 'purpose'],
  },
  eloquence_llm_failovers_total: {
    kind: 'counter',
    help: 'Answers handed to the next model; stage: start, or middle of the answer',
    labels: ['from', 'to', 'stage'],
  },
  eloquence_llm_refused_total: {
    kind: 'counter',
    help: 'Requests refused before a model was asked',
    labels: ['reason'],
  },
  eloquence_stt_streams: { kind: 'gauge', help: 'Open transcription sockets', labels: [] },
  eloquence_stt_audio_seconds_total: { kind: 'counter', help: 'Audio received', labels: [] },
  eloquence_stt_final_seconds: {
    kind: 'histogram',
    help: 'End of speech to final text',
    labels: ['engine'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_stt_files: { kind: 'gauge', help: 'Recordings being received or transcribed', labels: [] },
  eloquence_stt_files_total: { kind: 'counter', help: 'Recordings by outcome', labels: ['outcome'] },
  eloquence_stt_decodes_total: { kind: 'counter', help: 'Decodes by kind and outcome', labels: ['kind', 'outcome'] },
  eloquence_stt_queue_seconds: {
    kind: 'histogram',
    help: 'Wait of a decode for a call to the engine',
    labels: ['kind'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_stt_call_seconds: {
    kind: 'histogram',
    help: 'Time of a call to the engine',
    labels: ['kind'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_stt_calls_in_flight: { kind: 'gauge', help: 'Calls to the engine now', labels: [] },
  eloquence_stt_call_limit: {
    kind: 'gauge',
    help: 'Calls to the engine that bring throughput, as measured',
    labels: [],
  },
  eloquence_stt_refused_total: { kind: 'counter', help: 'Streams refused before they began', labels: ['reason'] },
  eloquence_stt_optional_dropped_total: {
    kind: 'counter',
    help: 'Interims and guesses dropped by policy before their call',
    labels: ['kind', 'reason'],
  },
  eloquence_stt_engine_failovers_total: {
    kind: 'counter',
    help: 'Speech handed from an engine that failed to the next',
    labels: ['from', 'to'],
  },
  eloquence_stt_frames_dropped_total: { kind: 'counter', help: 'Frames dropped by policy', labels: ['reason'] },
  eloquence_tts_requests_total: { kind: 'counter', help: 'Speech requests', labels: ['provider', 'outcome'] },
  eloquence_tts_first_byte_seconds: {
    kind: 'histogram',
    help: 'Request to first audio byte',
    labels: ['provider'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_tts_failovers_total: {
    kind: 'counter',
    help: 'Sentences spoken by another provider than the preferred one; reason: failed, late, or away (not asked)',
    labels: ['from', 'to', 'reason'],
  },
  eloquence_tts_cache_total: {
    kind: 'counter',
    help: 'Kept speech by outcome: hit, miss, shared, stored',
    labels: ['outcome'],
  },
  eloquence_tts_cache_bytes: { kind: 'gauge', help: 'Kept speech; kind: memory, disk', labels: ['kind'] },
  eloquence_tts_streams: { kind: 'gauge', help: 'Open speaking sockets', labels: [] },
  eloquence_tts_audio_seconds_total: { kind: 'counter', help: 'Audio produced', labels: ['provider'] },
  eloquence_agent_jobs: { kind: 'gauge', help: 'Running agent jobs', labels: [] },
  eloquence_turn_seconds: {
    kind: 'histogram',
    help: 'End of speech to first agent audio, and its stages',
    labels: ['stage'],
    buckets: LATENCY_BUCKETS_S,
  },
  eloquence_turns_total: { kind: 'counter', help: 'Turns', labels: ['outcome'] },
  eloquence_events_persisted_total: { kind: 'counter', help: 'Events written to Postgres', labels: ['type'] },
  eloquence_events_lag_seconds: { kind: 'gauge', help: 'Age of the oldest event Postgres does not have', labels: [] },
  eloquence_events_poison_total: { kind: 'counter', help: 'Events set aside because they were not valid', labels: [] },
  eloquence_events_dropped_total: {
    kind: 'counter',
    help: 'Events not written because their session was deleted',
    labels: ['reason'],
  },
  eloquence_report_seconds: {
    kind: 'histogram',
    help: 'End of a meeting to its report; kind: draft, final',
    labels: ['kind'],
    buckets: [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4.5, 6, 8, 10, 15, 20, 30, 60, 120, 600],
  },
  eloquence_meeting_chunks_total: {
    kind: 'counter',
    help: 'Mini-summaries written by outcome: summarised, hole, empty',
    labels: ['outcome'],
  },
  eloquence_meetings: {
    kind: 'gauge',
    help: 'Meetings in work by state: recording, writing',
    labels: ['state'],
  },
  eloquence_meeting_faults_total: {
    kind: 'counter',
    help: 'Parts of a meeting that an error of ours keeps from being made; part: read, notes, report, files. Counted again every ten minutes that it lasts',
    labels: ['part'],
  },
  eloquence_jobs_total: { kind: 'counter', help: 'Jobs finished', labels: ['name', 'outcome'] },
} as const satisfies Record<string, MetricEntry>;

export type MetricName = keyof typeof metrics;
