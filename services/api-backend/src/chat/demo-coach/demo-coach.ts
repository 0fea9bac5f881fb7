import { AppError } from '@eloquence/shared/runtime/errors';
import type { ChatPart, ChatProvider, ModelRequest } from '../providers/provider.ts';
import { coachAnswer } from './coach-answer.ts';

const MODEL = 'demo-coach';

const engine = {
  id: MODEL,
  label: 'Demonstration coach (rules, no language model)',
  label_fr: 'Coach de démonstration (règles, sans modèle de langage)',
  demo: true,
};

async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
  if (request.model !== MODEL)
    throw new AppError(
      'unknown_model',
      `Without a key there is only "${MODEL}". Ask for "talk", or set MISTRAL_API_KEY or another key of .env.example.`,
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
  return {
    id: 'demo',
    defaultModel: () => MODEL,
    engine: () => engine,
    stream,
    models: () => Promise.resolve([MODEL]),
    check: () => Promise.resolve(),
  };
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
