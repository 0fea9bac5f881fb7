import type { ChatRequest } from '@eloquence/shared/contracts/chat';
import type { ModelRequest } from '../providers/provider.ts';
import { endsSentence, lastWords } from './said-end.ts';
import { estimateTokens } from './token-estimate.ts';

/**
 * The request for the rest of an answer that broke off.
 *
 * @param said what the caller has of it
 * @param byWire the provider goes on by itself; others are told to, in the person's place because every wire lets a person
 *   speak last
 */
export function continuationRequest(request: ModelRequest, said: string, byWire: boolean): ModelRequest {
  const rest = withLessTokens(request, said);
  if (byWire) return { ...rest, continueFrom: said };
  return {
    ...rest,
    messages: [
      ...request.messages,
      { role: 'assistant', content: said },
      { role: 'user', content: endsSentence(said) ? NEXT_SENTENCE : goOn(said) },
    ],
  };
}

/** Whether the rest of an answer of that kind could be told from its beginning: half a JSON text is nothing to go on from. */
export function canBeContinued({ response_format: format }: Pick<ChatRequest, 'response_format'>): boolean {
  return format === undefined || format.type === 'text';
}

const FRAME =
  'The connection broke in the middle of your last message; this note is not from the person you talk to, who heard everything up to there.';
const RULES =
  'Write only what follows, in the same language and tone. Do not greet, apologise, mention this note or say anything again.';
const NEXT_SENTENCE = `[${FRAME} Your last sentence was complete: go on with the next one. ${RULES}]`;

function goOn(said: string): string {
  return `[${FRAME} It ended with «${lastWords(said)}». Begin with these words (complete the last one if it was cut) and finish the sentence, then the message. ${RULES}]`;
}

/** What was said has used up some of what the answer may have. */
function withLessTokens(request: ModelRequest, said: string): ModelRequest {
  const used = estimateTokens(said);
  const left = (tokens: number) => Math.max(1, tokens - used);
  return {
    ...request,
    ...(request.max_tokens != null && { max_tokens: left(request.max_tokens) }),
    ...(request.max_completion_tokens != null && { max_completion_tokens: left(request.max_completion_tokens) }),
  };
}
