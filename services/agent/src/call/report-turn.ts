import { acceptedSchema } from '@eloquence/shared/contracts/dispatch';
import type { TurnMeasurement } from '@eloquence/shared/contracts/events';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { AgentConfig } from '../config.ts';

/** Tells the worker of a turn: metrics of a job child would never be scraped. A lost report is only a missing point. */
export function reportTurn(turn: TurnMeasurement, config: AgentConfig, logger: Logger): void {
  requestJson({
    url: `${config.workerUrl}/internal/measurements`,
    peer: 'the worker',
    schema: acceptedSchema,
    method: 'POST',
    body: { turn },
    key: config.internalApiKey,
    timeoutMs: 2_000,
  }).catch((error: unknown) => logger.debug({ err: error }, 'a turn was not reported'));
}
