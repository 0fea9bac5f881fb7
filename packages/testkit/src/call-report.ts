import type { ConversationResult, TurnResult } from './conversation.ts';
import { textTable } from './text-table.ts';
import { wordErrorRate, type WordErrors } from './word-error-rate.ts';

const STAGES = ['stt_final_ms', 'turn_committed_ms', 'llm_ttft_ms', 'tts_ttfb_ms', 'total_ms'] as const;

/** The value below which a share of the values lies (nearest rank); null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** Word errors of the person's part of the transcript against the script. */
export function transcriptErrors({ turns, transcript }: ConversationResult): WordErrors {
  const said = turns.map((turn) => turn.sentence).join(' ');
  const written = transcript.utterances.filter((utterance) => utterance.role === 'user').map(({ text }) => text);
  return wordErrorRate(said, written.join(' '));
}

/** What a complete call must have and this one has not; empty when all is there. */
export function faultsOf(result: ConversationResult): string[] {
  const faults: string[] = [];
  const { turns, transcript, events } = result;
  if (result.greetingMs === null) faults.push('no greeting was heard');
  for (const [index, turn] of turns.entries()) {
    if (turn.latencyMs === null) faults.push(`turn ${index + 1} got no answer`);
    else if (turn.latencyMs < 0) faults.push(`turn ${index + 1} was cut off by the agent`);
    if (turn.stages === null) faults.push(`turn ${index + 1} has no turn.measured event`);
  }
  for (const role of ['user', 'agent'] as const) {
    const count = transcript.utterances.filter((utterance) => utterance.role === role).length;
    if (count < turns.length) faults.push(`the transcript has ${count} utterances of the ${role}, not ${turns.length}`);
  }
  for (const event of events) if (event.type === 'agent.failed') faults.push(`${event.code}: ${event.message}`);
  for (const type of ['session.created', 'session.started', 'session.ended'] as const) {
    if (!events.some((event) => event.type === type)) faults.push(`no ${type} event`);
  }
  return faults;
}

/** The call as a table for people: one line per turn, percentiles, word errors, faults. */
export function renderReport(result: ConversationResult): string {
  const { turns } = result;
  const header = ['turn', 'latency', ...STAGES.map((stage) => stage.slice(0, -3)), 'answer', 'sentence'];
  const rows = turns.map((turn, index) => [
    String(index + 1),
    ms(turn.latencyMs),
    ...STAGES.map((stage) => ms(turn.stages?.[stage])),
    answerLength(turn),
    turn.sentence,
  ]);
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
  ] as const) {
    const stages = STAGES.map((stage) =>
      ms(
        percentile(
          turns.flatMap((turn) => turn.stages?.[stage] ?? []),
          share,
        ),
      ),
    );
    const latency = percentile(
      turns.flatMap((turn) => turn.latencyMs ?? []),
      share,
    );
    rows.push([name, ms(latency), ...stages, '', '']);
  }
  const errors = transcriptErrors(result);
  const stops = turns.flatMap((turn) => turn.bargeInStopMs ?? []);
  const lines = [
    `session ${result.session.session_id}, greeting after ${ms(result.greetingMs)} ms; times in ms`,
    '',
    ...textTable([header, ...rows]),
    '',
    `word error rate ${(errors.rate * 100).toFixed(1)} % (${errors.errors} of ${errors.referenceWords} words)`,
  ];
  if (stops.length > 0)
    lines.push(`interrupted agent fell silent after ${stops.map((stop) => ms(stop)).join(', ')} ms`);
  for (const fault of faultsOf(result)) lines.push(`MISSING: ${fault}`);
  return `${lines.join('\n')}\n`;
}

const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : value.toFixed(0);

function answerLength(turn: TurnResult): string {
  return turn.heardFrom === null || turn.heardTo === null ? '-' : ms(turn.heardTo - turn.heardFrom);
}
