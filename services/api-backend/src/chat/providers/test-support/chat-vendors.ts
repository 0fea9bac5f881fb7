import { chatRequestSchema } from '@eloquence/shared/contracts/chat';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { FakeAnthropic } from '@eloquence/testkit/vendors/anthropic';
import { FakeGroq } from '@eloquence/testkit/vendors/groq';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOllama } from '@eloquence/testkit/vendors/ollama';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { FakeRest } from '@eloquence/testkit/vendors/rest';
import { chatSettings, type ChatEnv } from '../../settings.ts';
import type { ChatPart, ChatProvider, ChatProviderId, ModelRequest } from '../provider.ts';
import { buildProviders } from '../registry.ts';

export type ChatVendor = FakeMistral | FakeOpenAi | FakeAnthropic;

export interface VendorCase {
  readonly name: ChatProviderId;
  /** Its names for a call of a tool. */
  readonly callId: (index: number) => string;
  readonly vendor: () => ChatVendor;
  /** What a person would set to use it. */
  readonly env: (vendor: ChatVendor) => Partial<ChatEnv>;
}

/** Every vendor behind the port, as the settings build it. */
export const vendorCases: readonly VendorCase[] = [
  {
    name: 'mistral',
    callId: (index) => `abcdefgh${index}`,
    vendor: () => new FakeMistral(),
    env: ({ apiKey, url }) => ({ MISTRAL_API_KEY: apiKey, MISTRAL_BASE_URL: url }),
  },
  {
    name: 'openai',
    callId: (index) => `call_${index}`,
    vendor: () => new FakeOpenAi(),
    env: ({ apiKey, url }) => ({ OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: `${url}/v1` }),
  },
  {
    name: 'anthropic',
    callId: (index) => `toolu_0${index}`,
    vendor: () => new FakeAnthropic(),
    env: ({ apiKey, url }) => ({ ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: url }),
  },
  {
    name: 'groq',
    callId: (index) => `call_${index}`,
    vendor: () => new FakeGroq(),
    env: ({ apiKey, url }) => ({
      GROQ_API_KEY: apiKey,
      GROQ_BASE_URL: `${url}/openai/v1`,
      GROQ_MODEL: 'llama-3.3-70b-versatile',
    }),
  },
  {
    name: 'rest',
    callId: (index) => `chatcmpl-tool-${index}`,
    vendor: () => new FakeRest(),
    env: ({ url }) => ({ LLM_REST_URL: url, LLM_REST_MODEL: 'mistralai/Mistral-Small-3.2-24B-Instruct-2506' }),
  },
  {
    name: 'ollama',
    callId: (index) => `call_${index}`,
    vendor: () => new FakeOllama(),
    env: ({ url }) => ({ LLM_PROVIDER: 'ollama', OLLAMA_URL: url }),
  },
];

/** The settings' own defaults, without anybody's keys. */
export const noKeys: ChatEnv = {
  LLM_PROVIDER: 'auto',
  MISTRAL_BASE_URL: 'https://api.mistral.ai',
  MISTRAL_MODEL: 'mistral-small-latest',
  OPENAI_BASE_URL: 'https://api.openai.com/v1',
  OPENAI_MODEL: 'gpt-4o-mini',
  ANTHROPIC_BASE_URL: 'https://api.anthropic.com',
  ANTHROPIC_MODEL: 'claude-haiku-5-5',
  GROQ_BASE_URL: 'https://api.groq.com/openai/v1',
  OLLAMA_URL: 'http://127.0.0.1:1',
};

/** The provider that these variables make, seen to have its model. */
export async function openProvider(name: ChatProviderId, env: Partial<ChatEnv>): Promise<ChatProvider> {
  const providers = await buildProviders(chatSettings({ ...noKeys, ...env }), createLogger('test', 'silent'));
  const provider = providers.find(({ id }) => id === name);
  if (!provider) throw new Error(`no ${name} among ${providers.map(({ id }) => id).join(', ')}`);
  if (name === 'ollama') await provider.check(never);
  return provider;
}

export const never = new AbortController().signal;

export const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'find_slots',
      description: 'Free slots',
      parameters: { type: 'object', properties: { day: { type: 'string' } } },
    },
  },
];

/** A conversation with everything in it: instructions, two calls at once and their results, a question, a hint. */
const conversation: unknown[] = [
  { role: 'system', content: 'Language: fr' },
  { role: 'developer', content: 'Soyez bref.' },
  { role: 'user', content: [{ type: 'text', text: 'Bonjour' }] },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'call_abcdefghijkl', type: 'function', function: { name: 'find_slots', arguments: '{"day":"lundi"}' } },
      { id: 'call.other/vendor', type: 'function', function: { name: 'find_slots', arguments: '{}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call_abcdefghijkl', content: '[]' },
  { role: 'tool', tool_call_id: 'call.other/vendor', content: '["mardi"]' },
  { role: 'assistant', content: 'Rien lundi.' },
  { role: 'user', content: 'Donnez-moi un conseil' },
];

/** A request for the provider's own model unless `more` names one. */
export function requestFor(provider: ChatProvider, more: Record<string, unknown> = {}): ModelRequest {
  const { cacheKey, continueFrom, ...members } = more as { cacheKey?: string; continueFrom?: string };
  const model = provider.defaultModel() ?? 'none';
  return {
    ...chatRequestSchema.parse({ model, messages: conversation, stream: true, ...members }),
    ...(cacheKey && { cacheKey }),
    ...(continueFrom && { continueFrom }),
  };
}

export async function collect(
  provider: ChatProvider,
  request: ModelRequest = requestFor(provider),
  signal: AbortSignal = never,
): Promise<ChatPart[]> {
  const parts: ChatPart[] = [];
  for await (const part of provider.stream(request, signal)) parts.push(part);
  return parts;
}

export const textOf = (parts: readonly ChatPart[]): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** The pieces of one call of a tool. */
export const callOf = (parts: readonly ChatPart[], index: number) =>
  parts.flatMap((part) => (part.type === 'tool_call' && part.index === index ? [part] : []));

/** The arguments of one call of a tool, from its pieces. */
export const argumentsOf = (parts: readonly ChatPart[], index: number): unknown =>
  JSON.parse(
    callOf(parts, index)
      .map((piece) => piece.arguments ?? '')
      .join(''),
  );

export const finishOf = (parts: readonly ChatPart[]) =>
  parts.flatMap((part) => (part.type === 'finish' ? [part.reason] : []));

export const usageOf = (parts: readonly ChatPart[]) =>
  parts.flatMap((part) => (part.type === 'usage' ? [part.usage] : []));
