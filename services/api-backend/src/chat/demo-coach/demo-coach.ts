import type { ChatRequest } from '@eloquence/shared/contracts/chat';
import { AppError } from '@eloquence/shared/runtime/errors';
import { MODEL_ALIAS } from '../providers/openai.ts';
import type { ChatPart, ChatProvider } from '../providers/provider.ts';
import { coachAnswer } from './coach-answer.ts';

const MODEL = 'demo-coach';

const engine = {
  id: MODEL,
  label: 'Demonstration coach (rules, no language model)',
  label_fr: 'Coach de démonstration (règles, sans modèle de langage)',
  demo: true,
};

async function* stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
  if (request.model !== MODEL_ALIAS && request.model !== MODEL)
    throw new AppError(
      'unknown_model',
      `Without a key there is only "${MODEL}". Ask for "${MODEL_ALIAS}", or set MISTRAL_API_KEY or OPENAI_API_KEY.`,
    );
  const words = coachAnswer(request.messages).match(/\S+\s*/g) ?? [];
  for (const text of words) {
    signal.throwIfAborted();
    yield { type: 'text', text };
  }
  yield { type: 'finish', reason: 'stop' };
  const prompt = countWords(JSON.stringify(request.messages));
  const usage = { prompt_tokens: prompt, completion_tokens: words.length, total_tokens: prompt + words.length };
  yield { type: 'usage', usage };
}

/** The stand-in that answers without any key or model. It calls no tools. */
export function demoCoach(): ChatProvider {
  return { id: 'demo', engine: () => engine, stream, models: () => Promise.resolve([MODEL]) };
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
