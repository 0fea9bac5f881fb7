import { AppError } from '@eloquence/shared/runtime/errors';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Longest event that is kept while it comes, letters: a report's line is far shorter. */
const MAX_LETTERS = 4 * 1_048_576;

/**
 * The messages of a stream of server-sent events, as they come.
 *
 * @throws AppError `upstream_failed` when one is longer than 4 MiB; whatever ends the body
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => void ready.push(message), maxBufferSize: MAX_LETTERS });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    try {
      parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      throw new AppError('upstream_failed', 'Le serveur envoie un événement trop long.', { cause: error });
    }
    yield* ready.splice(0);
  }
}
