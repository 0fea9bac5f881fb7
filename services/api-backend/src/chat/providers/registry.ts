import type { Logger } from '@eloquence/shared/runtime/logger';
import { demoCoach } from '../demo-coach/demo-coach.ts';
import type { ChatSettings } from '../settings.ts';
import { ollamaChat } from './ollama.ts';
import { openaiWire } from './openai-wire.ts';
import type { ChatProvider } from './provider.ts';

/** The library insists on a key; servers of one's own often take none. */
const NO_KEY = 'none';

const variables = (prefix: string) => ({
  keyName: `${prefix}_API_KEY`,
  urlName: `${prefix}_BASE_URL`,
  modelName: `${prefix}_MODEL`,
});

/**
 * Every provider that the settings make usable, best first. Those without a `defaultModel()` answer only to their own
 * name. The demo coach comes last and only where the settings let it: it is a stand-in for having none, not for one
 * that fails. Opens no connection.
 */
export async function buildProviders(settings: ChatSettings, logger: Logger): Promise<readonly ChatProvider[]> {
  const { mistral, openai, anthropic, groq, rest, ollama, probeTimeoutMs, probeEveryMs } = settings;
  const mayBe = (name: ChatSettings['provider']) => settings.provider === name || settings.provider === 'auto';
  const list: ChatProvider[] = [];
  // Mistral's library costs 130 MB and a second: only who has a key loads it.
  if (mistral) list.push((await import('./mistral.ts')).mistralChat(mistral));
  if (openai)
    list.push(
      openaiWire({
        ...openai,
        id: 'openai',
        peer: { peer: 'OpenAI', ...variables('OPENAI') },
        defaultModel: () => openai.model,
      }),
    );
  if (anthropic) list.push((await import('./anthropic.ts')).anthropicChat(anthropic));
  if (groq)
    list.push(
      openaiWire({
        ...groq,
        id: 'groq',
        peer: { peer: 'Groq', ...variables('GROQ') },
        defaultModel: () => groq.model,
      }),
    );
  if (rest)
    list.push(
      openaiWire({
        apiKey: rest.apiKey ?? NO_KEY,
        baseUrl: rest.baseUrl,
        id: 'rest',
        peer: { peer: 'The server at LLM_REST_URL', ...variables('LLM_REST'), urlName: 'LLM_REST_URL' },
        defaultModel: () => rest.model,
      }),
    );
  if (mayBe('ollama')) list.push(ollamaChat({ ...ollama, probeTimeoutMs, probeEveryMs }, logger));
  if (mayBe('demo')) list.push(demoCoach());
  return list;
}
