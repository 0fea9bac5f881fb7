import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { hear, samplesOf } from './heard-speech.ts';
import { only, runPython } from './python-client.ts';
import { misheard } from './speech.ts';
import { key, ttsUrl as url } from './stack.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'eloquence-speech-'));
const file = path.join(folder, 'speech.pcm');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Deepgram's name of a French man, whom the demo model understands: it knows no woman's voice. */
const model = 'aura-2-hector-fr';
const texts = ["Pouvez-vous répéter s'il vous plaît ?", 'Quelle est votre adresse ?'];

describe('stock clients in Python have it speak', () => {
  test.each([
    ['livekit-plugins-deepgram, word by word', { service: 'livekit-deepgram', stream: true }],
    ['livekit-plugins-deepgram, a phrase', { service: 'livekit-deepgram' }],
    ['livekit-plugins-openai, which asks for SSE and mp3', { service: 'livekit-openai' }],
    ["pipecat's DeepgramTTSService", { service: 'pipecat-deepgram' }],
    ["pipecat's OpenAITTSService", { service: 'pipecat-openai' }],
  ])('%s', async (_name, asked) => {
    const reports = await runPython('speech_out', { ...asked, url, key, model, texts, file });
    expect(only(reports, 'exception')).toEqual([]);
    const rateHz = Number(only(reports, 'spoken')[0]?.['rate']);
    const heard = await hear(samplesOf(readFileSync(file)), rateHz);
    expect(misheard(texts, [heard.text])).toEqual([]);
    expect(heard.soundMs).toBeGreaterThan(2_000);
    expect(heard.soundMs).toBeLessThan(8_000);
  });

  test.each(['livekit-deepgram', 'livekit-openai'])('%s sees a wrong key as an error', async (service) => {
    const reports = await runPython('speech_out', { service, url, key: 'a-wrong-key', model, texts, file });
    expect(only(reports, 'spoken')).toEqual([]);
    expect(JSON.stringify(only(reports, 'exception'))).toMatch(/401|APIStatusError|APIConnectionError/);
  });
});
