import { describe, expect, test } from 'vitest';
import { listenMessageSchema, listenQuerySchema } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import type { SessionEvent } from '../session/session-events.ts';
import { decodeControl, encode, encodeMetadata, type WireContext } from './codec.ts';
import { sampleRateOf, sessionOptions } from './listen-wire.ts';

const context: WireContext = { requestId: '3f2c0a51-6a1e-4d0e-9d53-0b1f6a4f7c11', model: 'whisper', vadEvents: true };
const transcript = {
  language: 'fr',
  segments: [],
  utterance: 1,
  startS: 1.2,
  endS: 2.7,
  text: "D'accord, merci.",
  words: [
    { word: "D'accord,", startS: 1.3, endS: 1.8, probability: 0.9 },
    { word: 'merci.', startS: 1.9, endS: 2.4, probability: 0.8 },
  ],
  confidence: 0.85,
};

const spec = loadSpec('deepgram.asyncapi.yml');

describe('encode', () => {
  test.each<SessionEvent>([
    { type: 'speech.started', utterance: 1, atS: 1.5 },
    { type: 'transcript.interim', transcript, stableWords: [] },
    { type: 'transcript.final', transcript, pause: true, fromFinalize: false },
    { type: 'utterance.ended', lastWordEndS: 2.4 },
    { type: 'utterance.lost', utterance: 1, startS: 1, endS: 2, error: new AppError('unavailable', 'Away.') },
  ])('$type is a message of the contract', (event) => {
    expect(() => listenMessageSchema.parse(encode(event, context))).not.toThrow();
  });

  test('a final carries times on the stream clock and bare words beside punctuated ones', () => {
    expect(encode({ type: 'transcript.final', transcript, pause: true, fromFinalize: false }, context)).toMatchObject({
      is_final: true,
      speech_final: true,
      from_finalize: false,
      start: 1.2,
      duration: 1.5,
      channel: {
        alternatives: [
          {
            transcript: "D'accord, merci.",
            words: [
              { word: "d'accord", punctuated_word: "D'accord,", start: 1.3, end: 1.8, confidence: 0.9 },
              { word: 'merci', punctuated_word: 'merci.' },
            ],
          },
        ],
      },
    });
  });

  // A clone without the vendors' documents skips these; loadSpec says so on stderr.
  test.skipIf(!spec).each<readonly [string, object | undefined]>([
    ['Results', encode({ type: 'transcript.interim', transcript, stableWords: [] }, context)],
    ['Results', encode({ type: 'transcript.final', transcript, pause: true, fromFinalize: true }, context)],
    ['SpeechStarted', encode({ type: 'speech.started', utterance: 1, atS: 1.5 }, context)],
    ['UtteranceEnd', encode({ type: 'utterance.ended', lastWordEndS: 2.4 }, context)],
    ['Metadata', encodeMetadata(context, 3.5, new Date(0))],
  ])("%s has the shape of Deepgram's document", (name, message) => {
    expect(spec?.schemaFaults(`ListenV1_ListenV1${name}`, message)).toEqual([]);
    expect(spec?.schemaFaults(`ListenV1_ListenV1${name}`, { type: name })).not.toEqual([]);
  });

  test('SpeechStarted is only for those who asked', () => {
    const started: SessionEvent = { type: 'speech.started', utterance: 1, atS: 1 };
    expect(encode(started, { ...context, vadEvents: false })).toBeUndefined();
  });

  test('the closing Metadata is a message of the contract', () => {
    expect(listenMessageSchema.parse(encodeMetadata(context, 3.5, new Date(0)))).toMatchObject({ duration: 3.5 });
  });
});

describe('decodeControl', () => {
  test.each(['KeepAlive', 'Finalize', 'CloseStream', 'Configure'])('%s is understood', (type) => {
    expect(decodeControl(JSON.stringify({ type, more: 1 }))).toMatchObject({ type });
  });

  test.each(['', '{', '{}', '[]', 'null', '"KeepAlive"', '{"type":"keepalive"}', '{"type":"Configure","keyterms":1}'])(
    '%s is a fault that names the fix',
    (text) => {
      expect(() => decodeControl(text)).toThrow(/KeepAlive/);
    },
  );
});

const options = (query: Record<string, unknown>) => sessionOptions(listenQuerySchema.parse(query), 'test');

describe('sessionOptions', () => {
  test('without parameters: 300 ms, no interims, language left to the engine', () => {
    expect(options({})).toEqual({
      language: undefined,
      keyterms: [],
      turn: { type: 'silence', endpointingMs: 300 },
      utteranceEndMs: undefined,
      interims: false,
      tenant: 'test',
      urgency: 'live',
      temperature: 0,
    });
  });

  test('what stock clients ask for is raised to what whole utterances need', () => {
    expect(options({ endpointing: '25' }).turn).toEqual({ type: 'silence', endpointingMs: 200 });
    expect(options({ endpointing: '500' }).turn).toEqual({ type: 'silence', endpointingMs: 500 });
    expect(options({ endpointing: 'true' }).turn).toEqual({ type: 'silence', endpointingMs: 300 });
    expect(options({ endpointing: 'false' }).turn).toEqual({ type: 'manual' });
  });

  test('micro-batch is windows with drafts, whatever else was asked for', () => {
    expect(options({ mode: 'micro_batch', endpointing: '25' })).toMatchObject({
      turn: { type: 'windows', draftMs: 8_000 },
      interims: true,
    });
  });

  test('key terms are handed on, old keywords without their boost, each once', () => {
    expect(options({ keyterm: ['Eloquence', 'balayage'] }).keyterms).toEqual(['Eloquence', 'balayage']);
    expect(options({ keywords: ['Nguyen:2.5', 'euh:-10', 'ratio 4:3:1', ' '], keyterm: 'Nguyen' }).keyterms).toEqual([
      'Nguyen',
      'ratio 4:3',
    ]);
  });

  test('a flood of key terms is cut to what engines can use', () => {
    const { keyterms } = options({ keyterm: Array.from({ length: 5_000 }, (_, n) => `${n}`.padEnd(500, 'x')) });
    expect(keyterms).toHaveLength(100);
    expect(keyterms[0]).toHaveLength(100);
  });

  test('companded audio is at 8 kHz unless said otherwise', () => {
    expect(sampleRateOf(listenQuerySchema.parse({ encoding: 'mulaw' }))).toBe(8_000);
    expect(sampleRateOf(listenQuerySchema.parse({ encoding: 'alaw', sample_rate: '16000' }))).toBe(16_000);
    expect(sampleRateOf(listenQuerySchema.parse({}))).toBe(16_000);
  });
});
