import type { Session } from '@eloquence/shared/contracts/sessions';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Logger } from '@eloquence/shared/runtime/logger';
import * as z from 'zod';
import type { ChatService } from '../chat/chat-service.ts';
import { toCompletion } from '../chat/completion.ts';

interface ModelQuestion<T> {
  readonly session: Session;
  /** On whose account. */
  readonly tenant: string;
  readonly system: string;
  readonly user: string;
  readonly schemaName: string;
  readonly schema: z.ZodType<T>;
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

/** Asks a model something about a meeting; undefined where none can answer. */
export type AskModel = <T>(question: ModelQuestion<T>) => Promise<T | undefined>;

/**
 * Asks through the LLM proxy of this process. Whatever keeps a model from answering (none there, away, quota, an answer that is not
 * of the shape, time) gives undefined: what the search found is worth having without one.
 *
 * @throws the signal's reason when the caller is gone, unless it says that time is up
 */
export function askModel(chat: ChatService, logger: Logger): AskModel {
  return async (question) => {
    const { session, tenant, system, user, schemaName, schema, maxTokens, signal } = question;
    try {
      const { answer, model } = await chat.open(
        {
          model: 'summarise',
          stream: false,
          temperature: 0,
          max_tokens: maxTokens,
          messages: [
            { role: 'system', content: system },
            { role: 'user', content: user },
          ],
          response_format: {
            type: 'json_schema',
            json_schema: { name: schemaName, strict: true, schema: z.toJSONSchema(schema) as Record<string, unknown> },
          },
        },
        { tenant, sessionId: session.session_id, purpose: 'summarise' },
        signal,
      );
      const completion = toCompletion(await answer.collect(), model);
      return parseAnswer(completion.choices[0]?.message.content ?? '', schema);
    } catch (error) {
      if (signal.aborted && !isTimeUp(signal.reason)) throw error;
      logger.warn({ err: error, sessionId: session.session_id }, 'no model answered a question about a meeting');
      return undefined;
    }
  };
}

const isTimeUp = (reason: unknown): boolean => reason instanceof Error && reason.name === 'TimeoutError';

/** Small models put their JSON into a fence, or a word before it. */
function parseAnswer<T>(text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)));
  } catch (error) {
    throw new AppError('upstream_failed', 'The model gave an answer of another shape.', { cause: error });
  }
}

/** Words of a meeting as a line of a prompt: nothing in it can end the block it stands in, or the line. */
export const asData = (text: string): string =>
  text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll('<', '‹')
    .replaceAll('>', '›');

/** `hh:mm:ss`. @param timeMs on the session's clock */
function clockOf(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000);
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}

/** One line per utterance: `[position] hh:mm:ss Name: words`, positions from 1. */
export function numberedLines(
  utterances: readonly { readonly speaker: string; readonly text: string; readonly start_ms: number }[],
  names: ReadonlyMap<string, string>,
): string {
  return utterances
    .map(
      (one, index) =>
        `[${index + 1}] ${clockOf(one.start_ms)} ${asData(names.get(one.speaker) ?? one.speaker)}: ${asData(one.text)}`,
    )
    .join('\n');
}
