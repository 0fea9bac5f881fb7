import { describe, expect, it } from 'vitest';
import { loadSpec } from './spec-validator.ts';
import { FakeElevenLabs } from './vendors/elevenlabs.ts';
import { FakeMistral } from './vendors/mistral.ts';
import { FakeOpenAi } from './vendors/openai.ts';

const hasSpecs = loadSpec('openai.openapi.yaml') !== undefined;
const post = (url: string, headers: Record<string, string>, body: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const key = (value: string) => ({ authorization: `Bearer ${value}` });

const chunk = (finishReason: unknown) => ({
  id: 'a',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: {}, finish_reason: finishReason }],
});

describe.skipIf(!hasSpecs)('fake vendors with the vendors’ documents', () => {
  it('refuse what the vendor would refuse, and say why', async () => {
    await using openai = await new FakeOpenAi().listen();
    await using mistral = await new FakeMistral().listen();
    await using elevenlabs = await new FakeElevenLabs().listen();
    const speech = `${openai.url}/v1/audio/speech`;
    const statuses = await Promise.all([
      post(`${openai.url}/v1/chat/completions`, key(openai.apiKey), { model: 'gpt-4o-mini' }),
      post(speech, key(openai.apiKey), { model: 'tts-1', input: 'a' }),
      post(speech, key('wrong'), { model: 'tts-1', input: 'a', voice: 'nova' }),
      post(`${mistral.url}/v1/chat/completions`, key(mistral.apiKey), { model: 'mistral-small-latest' }),
      post(
        `${elevenlabs.url}/v1/text-to-speech/v/stream?output_format=pcm_1`,
        { 'xi-api-key': elevenlabs.apiKey },
        { text: 'a' },
      ),
    ]);
    expect(statuses.map((response) => response.status)).toEqual([400, 400, 401, 422, 422]);
    expect([openai, mistral, elevenlabs].map((vendor) => vendor.faults.length > 0)).toEqual([true, true, true]);
    expect(openai.faults).toContainEqual(expect.stringContaining("required property 'messages'"));
  });

  it('accept null where the document says nullable, and nothing else of the wrong type', () => {
    const spec = loadSpec('openai.openapi.yaml');
    expect(spec?.schemaFaults('CreateChatCompletionStreamResponse', chunk(null))).toEqual([]);
    expect(spec?.schemaFaults('CreateChatCompletionStreamResponse', chunk('stop'))).toEqual([]);
    expect(spec?.schemaFaults('CreateChatCompletionStreamResponse', chunk('why not'))).not.toEqual([]);
  });
});
