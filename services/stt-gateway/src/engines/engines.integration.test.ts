import assert from 'node:assert/strict';
import { FakeDeepgram } from '@eloquence/testkit/vendors/deepgram';
import type { FakeVendor, RecordedRequest } from '@eloquence/testkit/vendors/fake-vendor';
import { FakeMistral } from '@eloquence/testkit/vendors/mistral';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { readTranscriptionForm } from '@eloquence/testkit/vendors/transcription-form';
import type { Ear } from '@eloquence/testkit/vendors/word-ear';
import { describe, expect, test } from 'vitest';
import { defaults } from '../config.ts';
import { FakeWhisper } from '../test-support/fake-whisper.ts';
import { silence, speak } from '../test-support/speech.ts';
import { engineConformance, type EngineBench, type EngineTraits } from '../test-support/engine-conformance.ts';
import { DeepgramEngine } from './deepgram-engine.ts';
import type { SpeechEngine } from './engine.ts';
import { streamConformance } from '../test-support/stream-conformance.ts';
import { dialects } from './rest-dialects.ts';
import { RestEngine } from './rest-engine.ts';
import { WhisperEngine } from './whisper-engine.ts';

const connections = 4;

function benchOf(vendor: FakeVendor & { ear: Ear }, engine: SpeechEngine): EngineBench {
  return {
    vendor,
    engine,
    async [Symbol.asyncDispose]() {
      await engine.close();
      await vendor[Symbol.asyncDispose]();
      assert.deepEqual(vendor.faults, [], 'requests and answers have the shape of the vendor’s document');
    },
  };
}

const formMember = (name: string) => async (request: RecordedRequest) =>
  (await readTranscriptionForm(request)).members[name];

/** Any server of OpenAI's shape, by its dialect and model. */
function openaiShaped(name: 'openai' | 'groq' | 'rest', model: string): EngineTraits {
  const dialect = dialects[name];
  const givesWords = !model.startsWith('gpt-');
  return {
    open: async ({ key, timeoutMs: decodeTimeoutMs = 5_000 } = {}) => {
      const vendor = await new FakeOpenAi().listen();
      const options = { url: `${vendor.url}/v1`, key: key ?? vendor.apiKey, model, decodeTimeoutMs, connections };
      return benchOf(vendor, new RestEngine(dialect, options));
    },
    keySetting: dialect.keySetting,
    givesWords,
    findsLanguage: givesWords,
    languageOf: formMember('language'),
    keytermsOf: formMember(model.startsWith('gpt-transcribe') ? 'keywords' : 'prompt'),
    keyterms: model.startsWith('gpt-transcribe') ? ['Éloquence', 'Mont Blanc'] : 'Éloquence, Mont Blanc',
  };
}

engineConformance('whisper', {
  open: async ({ key, timeoutMs: decodeTimeoutMs = 5_000 } = {}) => {
    const vendor = await new FakeWhisper().listen();
    return benchOf(
      vendor,
      new WhisperEngine({ url: vendor.url, key: key ?? vendor.apiKey, decodeTimeoutMs, connections }),
    );
  },
  keySetting: 'INTERNAL_API_KEY',
  givesWords: true,
  findsLanguage: true,
  languageOf: ({ query }) => query.get('language'),
  keytermsOf: ({ query }) => query.get('prompt'),
  keyterms: 'Éloquence, Mont Blanc',
});
engineConformance('openai whisper-1', openaiShaped('openai', 'whisper-1'));
engineConformance('openai gpt-4o-mini-transcribe', openaiShaped('openai', 'gpt-4o-mini-transcribe'));
engineConformance('openai gpt-transcribe', openaiShaped('openai', 'gpt-transcribe'));
engineConformance('groq', openaiShaped('groq', 'whisper-large-v3-turbo'));
engineConformance('rest', openaiShaped('rest', 'whisper-1'));
engineConformance('mistral', {
  open: async ({ key, timeoutMs: decodeTimeoutMs = 5_000 } = {}) => {
    const vendor = await new FakeMistral().listen();
    const model = 'voxtral-mini-latest';
    const options = { url: `${vendor.url}/v1`, key: key ?? vendor.apiKey, model, decodeTimeoutMs, connections };
    return benchOf(vendor, new RestEngine(dialects.mistral, options));
  },
  keySetting: 'MISTRAL_API_KEY',
  givesWords: true,
  findsLanguage: true,
  languageOf: formMember('language'),
  keytermsOf: formMember('context_bias'),
  keyterms: ['Éloquence', 'Mont_Blanc'],
});
engineConformance('deepgram’s recordings', {
  open: async ({ key, timeoutMs: decodeTimeoutMs = 5_000 } = {}) => {
    const vendor = await new FakeDeepgram().listen();
    const limits = defaults.engineLimits.stream;
    const options = { url: vendor.url, key: key ?? vendor.apiKey, model: 'nova-3', decodeTimeoutMs, connections };
    return benchOf(vendor, new DeepgramEngine({ ...options, limits }));
  },
  keySetting: 'DEEPGRAM_API_KEY',
  givesWords: true,
  findsLanguage: true,
  languageOf: ({ query }) => query.get('language'),
  keytermsOf: ({ query }) => query.getAll('keyterm'),
  keyterms: ['Éloquence', 'Mont Blanc'],
});

streamConformance('deepgram', {
  open: async ({ key, ...overrides } = {}) => {
    const vendor = await new FakeDeepgram().listen();
    const limits = { ...defaults.engineLimits.stream, ...overrides };
    const options = {
      url: vendor.url,
      key: key ?? vendor.apiKey,
      model: 'nova-3',
      decodeTimeoutMs: 5_000,
      connections,
    };
    const engine = new DeepgramEngine({ ...options, limits });
    return { vendor, engine, [Symbol.asyncDispose]: () => benchOf(vendor, engine)[Symbol.asyncDispose]() };
  },
  keySetting: 'DEEPGRAM_API_KEY',
});

/** What an engine makes of a server of its own that `prepare` has bent. */
async function decodeAt(prepare: (vendor: FakeOpenAi) => void, times = 1) {
  const vendor = await new FakeOpenAi().listen();
  prepare(vendor);
  const options = {
    url: `${vendor.url}/v1`,
    key: undefined,
    model: 'whisper-1',
    decodeTimeoutMs: 5_000,
    connections,
  };
  const engine = new RestEngine(dialects.rest, { ...options, key: vendor.apiKey });
  const speech = Buffer.concat([silence(300), await speak('bonjour madame'), silence(300)]);
  const pcm = new Int16Array(speech.buffer.slice(speech.byteOffset, speech.byteOffset + speech.length));
  const { signal } = new AbortController();
  const ask = () => engine.decode({ pcm, keyterms: [], temperature: 0, kind: 'final' as const, signal });
  const heard = [];
  for (let time = 0; time < times; time += 1) heard.push(await ask());
  await engine.close();
  await vendor[Symbol.asyncDispose]();
  return { vendor, heard };
}

describe('a server that only looks like OpenAI’s', () => {
  test('and refuses verbose_json is asked for json, and from then on at once', async () => {
    const { vendor, heard } = await decodeAt((fake) => fake.refusedFormats.add('verbose_json'), 2);
    expect(heard.map(({ text, words }) => ({ text, words }))).toEqual([
      { text: 'bonjour madame', words: undefined },
      { text: 'bonjour madame', words: undefined },
    ]);
    expect(vendor.transcriptions.map(({ members }) => members['response_format'])).toEqual([
      'verbose_json',
      'json',
      'json',
    ]);
  });

  test('and leaves out words, segments, language and duration is understood', async () => {
    const { heard } = await decodeAt((fake) => {
      for (const name of ['words', 'segments', 'language', 'duration'] as const) fake.omits.add(name);
    });
    expect(heard[0]).toEqual({
      task: 'transcribe',
      language: '',
      duration: expect.closeTo(1.4, 0),
      text: 'bonjour madame',
    });
  });

  test('and names the language in English is understood', async () => {
    const { heard } = await decodeAt((fake) => (fake.spokenLanguage = 'german'));
    expect(heard[0]?.language).toBe('de');
  });
});
