import { describe, expect, test } from 'vitest';
import { realtimeClientEventSchema, realtimeInputSchema } from '@eloquence/shared/contracts/stt-realtime';
import {
  audioFormatOf,
  describeSession,
  initialSettings,
  inputOfBeta,
  languageOf,
  sessionOptions,
  updated,
  type RealtimeSettings,
} from './settings.ts';

const after = (...inputs: unknown[]): RealtimeSettings => {
  let settings = initialSettings('gpt-4o-transcribe');
  for (const input of inputs) settings = updated(settings, realtimeInputSchema.parse(input));
  return settings;
};
const turnAfter = (...inputs: unknown[]) => sessionOptions(after(...inputs), 'test').turn;

describe('realtime settings', () => {
  test('what LiveKit sends is served as it asks', () => {
    const settings = after({
      format: { type: 'audio/pcm', rate: 24_000 },
      transcription: { model: 'gpt-4o-mini-transcribe', language: 'fr', prompt: 'Eloquence, balayage' },
      turn_detection: { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 600, silence_duration_ms: 350 },
    });
    expect(sessionOptions(settings, 'test')).toEqual({
      language: 'fr',
      keyterms: ['Eloquence', 'balayage'],
      turn: { type: 'silence', endpointingMs: 350 },
      utteranceEndMs: undefined,
      interims: true,
      tenant: 'test',
      urgency: 'live',
      temperature: 0,
    });
  });

  test.each(['gpt-realtime-whisper', 'gpt-live-transcribe-2026'])(
    '%s without a word on turns leaves their ends to the client',
    (model) => {
      expect(sessionOptions(initialSettings(model), 'test').turn).toEqual({ type: 'manual' });
      expect(turnAfter({ transcription: { model } })).toEqual({ type: 'manual' });
    },
  );

  test.each([
    [undefined, { type: 'silence', endpointingMs: 500 }],
    [null, { type: 'manual' }],
    [{ type: 'server_vad' }, { type: 'silence', endpointingMs: 500 }],
    [
      { type: 'server_vad', silence_duration_ms: 10 },
      { type: 'silence', endpointingMs: 200 },
    ],
    [
      { type: 'server_vad', silence_duration_ms: 1e9 },
      { type: 'silence', endpointingMs: 5_000 },
    ],
    [{ type: 'semantic_vad' }, { type: 'silence', endpointingMs: 600 }],
    [
      { type: 'semantic_vad', eagerness: 'high' },
      { type: 'silence', endpointingMs: 350 },
    ],
  ])('turn_detection %j is %j', (turn_detection, turn) => {
    expect(turnAfter({ turn_detection })).toEqual(turn);
  });

  test('what an update leaves out stays, what it empties is gone', () => {
    const first = { transcription: { language: 'fr', keywords: ['Nguyen'], prompt: 'x' }, turn_detection: null };
    const kept = after(first, { transcription: { model: 'other' } });
    expect(sessionOptions(kept, 'test')).toMatchObject({
      language: 'fr',
      keyterms: ['Nguyen', 'x'],
      turn: { type: 'manual' },
    });
    const cleared = after(first, { transcription: { language: '', keywords: [], prompt: '' } });
    expect(sessionOptions(cleared, 'test')).toMatchObject({ language: undefined, keyterms: [] });
    expect(languageOf(after(first, { transcription: null }))).toBeUndefined();
  });

  test('one of several possible languages is found by the engine, a single one is not asked for', () => {
    expect(languageOf(after({ transcription: { languages: ['fr', 'en'] } }))).toBeUndefined();
    expect(languageOf(after({ transcription: { languages: ['fr'] } }))).toBe('fr');
    expect(
      languageOf(after({ transcription: { language: 'fr' } }, { transcription: { languages: ['en', 'fr'] } })),
    ).toBeUndefined();
    expect(
      languageOf(after({ transcription: { languages: ['en', 'fr'] } }, { transcription: { language: 'fr' } })),
    ).toBe('fr');
  });

  test.each([
    [{ type: 'audio/pcm' }, { encoding: 'linear16', rateHz: 24_000 }],
    [
      { type: 'audio/pcm', rate: 16_000 },
      { encoding: 'linear16', rateHz: 16_000 },
    ],
    [{ type: 'audio/pcmu' }, { encoding: 'mulaw', rateHz: 8_000 }],
    [{ type: 'audio/pcma' }, { encoding: 'alaw', rateHz: 8_000 }],
  ])('format %j is read as %j', (format, read) => {
    expect(audioFormatOf(after({ format }))).toEqual(read);
  });

  test('a rate we have no filter for is refused by its path', () => {
    expect(() => after({ format: { type: 'audio/pcm', rate: 12_345 } })).toThrow(/audio.input.format.rate 12345/);
  });

  test("the beta's flat shape means the same", () => {
    const event = realtimeClientEventSchema.parse({
      type: 'transcription_session.update',
      session: {
        input_audio_format: 'g711_ulaw',
        input_audio_transcription: { model: 'whisper-1', language: 'fr' },
        turn_detection: { type: 'server_vad', silence_duration_ms: 700 },
      },
    });
    if (event.type !== 'transcription_session.update') throw new Error('another event');
    const settings = updated(initialSettings(undefined), inputOfBeta(event));
    expect(audioFormatOf(settings).encoding).toBe('mulaw');
    expect(sessionOptions(settings, 'test')).toMatchObject({ language: 'fr', turn: { endpointingMs: 700 } });
  });

  test('a huge update is kept small', () => {
    const settings = after({
      transcription: {
        prompt: 'a,'.repeat(400_000),
        keywords: Array.from({ length: 9_000 }, (_, n) => `k${n}`.repeat(50)),
      },
    });
    expect(JSON.stringify(describeSession(settings, 'sess_1')).length).toBeLessThan(20_000);
    expect(sessionOptions(settings, 'test').keyterms).toHaveLength(100);
  });
});
