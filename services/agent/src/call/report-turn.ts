import type { TurnMeasurement } from '@eloquence/shared/contracts/events';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import type { Logger } from '@eloquence/shared/runtime/logger';
import * as z from 'zod';
import type { AgentConfig } from '../config.ts';

/** Answer of the worker's loopback route. */
export const measurementAnswerSchema = z.object({ status: z.literal('ok') });

/** Tells the worker of a turn: metrics of a job child would never be scraped. A lost report is only a missing point. */
export function reportTurn(turn: TurnMeasurement, config: AgentConfig, logger: Logger): void {
  requestJson({
    url: config.measurementsUrl,
    peer: 'the worker',
    schema: measurementAnswerSchema,
    method: 'POST',
    body: { turn },
    key: config.internalApiKey,
    timeoutMs: 2_000,
  }).catch((error: unknown) => logger.debug({ err: error }, 'a turn was not reported'));
}
