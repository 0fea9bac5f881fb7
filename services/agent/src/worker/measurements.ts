import { acceptedSchema } from '@eloquence/shared/contracts/dispatch';
import { turnMeasurementSchema, type TurnMeasurement } from '@eloquence/shared/contracts/events';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import * as z from 'zod';

const bodySchema = z.strictObject({ turn: turnMeasurementSchema });

/** `POST /internal/measurements`: where job children report their turns. */
export function registerMeasurements(app: Service, telemetry: Telemetry, internalApiKey: string): void {
  app.post(
    '/internal/measurements',
    {
      onRequest: requireKey([internalApiKey]),
      schema: { body: bodySchema, response: { 200: acceptedSchema }, hide: true },
    },
    (request) => {
      recordTurn(telemetry, request.body.turn);
      return { status: 'ok' as const };
    },
  );
}

/** One turn as metrics: a stage that did not happen leaves no point. */
function recordTurn(telemetry: Telemetry, turn: TurnMeasurement): void {
  const stages = {
    stt_final: turn.stt_final_ms,
    turn_committed: turn.turn_committed_ms,
    llm_ttft: turn.llm_ttft_ms,
    tts_ttfb: turn.tts_ttfb_ms,
    total: turn.total_ms,
  };
  for (const [stage, ms] of Object.entries(stages)) {
    if (ms !== null) telemetry.observe('eloquence_turn_seconds', { stage }, ms / 1000);
  }
  telemetry.count('eloquence_turns_total', { outcome: outcomeOf(turn) });
}

function outcomeOf(turn: TurnMeasurement): string {
  if (turn.interrupted) return turn.total_ms === null ? 'unanswered' : 'interrupted';
  return 'answered';
}
