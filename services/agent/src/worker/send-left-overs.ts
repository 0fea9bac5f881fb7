import { rm } from 'node:fs/promises';
import type { EventLog } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { leftOvers } from '../events/spool.ts';

const EVERY_MS = 30_000;

/** Sends what ended jobs had to leave on disk. Utterances that were sent already are known by their id. */
export async function sendLeftOvers(
  directory: string,
  log: Pick<EventLog, 'append'>,
  logger: Logger,
  minAgeMs?: number,
): Promise<void> {
  for (const { path, sessionId, bodies } of await leftOvers(directory, minAgeMs)) {
    try {
      for (const body of bodies) await log.append(sessionId, body);
      await rm(path, { force: true });
      logger.info({ session_id: sessionId, events: bodies.length }, 'events of an ended job were sent');
    } catch (error) {
      logger.debug({ err: error }, 'events of ended jobs still wait');
      return;
    }
  }
}

/** Does so now and then. @returns a function that stops it */
export function keepSendingLeftOvers(directory: string, log: EventLog, logger: Logger): () => void {
  let running: Promise<void> | undefined;
  const look = () => {
    running ??= sendLeftOvers(directory, log, logger)
      .catch((error: unknown) => logger.warn({ err: error }, 'the spool cannot be read'))
      .finally(() => {
        running = undefined;
      });
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return () => clearInterval(timer);
}
