import type { ChatMessage, ChatRequest, ChatUsage } from '@eloquence/shared/contracts/chat';
import { guessLanguage } from '@eloquence/shared/runtime/guess-language';

/** Letters per token of today's vocabularies: French words are cut into more pieces than English ones. */
const CHARACTERS_PER_TOKEN = { en: 4, fr: 3.5 } as const;
/** Role, separators and names of one message. */
const TOKENS_PER_MESSAGE = 4;
const GUESSED_FROM_CHARACTERS = 2_000;

/** About how many tokens a text is. */
export function estimateTokens(text: string): number {
  const perToken = CHARACTERS_PER_TOKEN[guessLanguage(text.slice(-GUESSED_FROM_CHARACTERS))];
  return Math.ceil(text.length / perToken);
}

/**
 * What a call used, for a provider that did not say.
 *
 * @param answer every character it gave, arguments of tools too
 */
export function estimateUsage(request: Pick<ChatRequest, 'messages' | 'tools'>, answer: string): ChatUsage {
  const tools = request.tools?.length ? JSON.stringify(request.tools) : '';
  const prompt = estimateTokens(tools + request.messages.map(lettersOf).join(''));
  const promptTokens = prompt + request.messages.length * TOKENS_PER_MESSAGE;
  const completionTokens = estimateTokens(answer);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

function lettersOf(message: ChatMessage): string {
  const calls = message.role === 'assistant' && message.tool_calls?.length ? JSON.stringify(message.tool_calls) : '';
  return textOf(message.content) + calls;
}

/** The text of a message's content. */
export function textOf(content: ChatMessage['content']): string {
  if (content == null) return '';
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

const NONE: ChatUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** Several calls as one. */
export function sumUsage(usages: readonly ChatUsage[]): ChatUsage {
  return usages.reduce((sum, usage) => {
    const cached = cachedOf(sum) + cachedOf(usage);
    return {
      prompt_tokens: sum.prompt_tokens + usage.prompt_tokens,
      completion_tokens: sum.completion_tokens + usage.completion_tokens,
      total_tokens: sum.total_tokens + usage.total_tokens,
      ...(cached > 0 && { prompt_tokens_details: { cached_tokens: cached } }),
    };
  }, NONE);
}

const cachedOf = (usage: ChatUsage): number => usage.prompt_tokens_details?.cached_tokens ?? 0;
