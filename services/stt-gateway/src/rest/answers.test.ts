import { describe, expect, test } from 'vitest';
import { transcriptionJsonSchema, transcriptionVerboseSchema } from '@eloquence/shared/contracts/transcriptions';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import type { Transcript } from '../session/session-events.ts';
import { answer } from './answers.ts';
import { readFileOptions } from './file-options.ts';
import type { FileTranscript } from './transcribe-file.ts';

const spec = loadSpec('openai.openapi.yaml');

function window(text: string, startS: number, extra: Partial<Transcript> = {}): Transcript {
  const words = [{ word: text, startS, endS: startS + 0.5, probability: 0.9 }];
  return {
    utterance: 1,
    startS,
    endS: startS + 1,
    text,
    words,
    confidence: 0.5,
    language: 'fr',
    segments: [],
    ...extra,
  };
}

const transcript: FileTranscript = {
  durationS: 61.5,
  language: 'fr',
  windows: [window('bonjour', 1), window('merci', 60)],
};

const answered = (given: FileTranscript, ...fields: [string, string][]) => answer(given, readFileOptions(fields));
const parsed = (given: FileTranscript, ...fields: [string, string][]) =>
  JSON.parse(answered(given, ...fields).body) as Record<string, unknown>;

describe('json', () => {
  test('is text and the length heard', () => {
    const body = parsed(transcript);
    expect(transcriptionJsonSchema.parse(body)).toEqual({
      text: 'bonjour merci',
      usage: { type: 'duration', seconds: 61.5 },
    });
    expect(answered(transcript).contentType).toBe('application/json; charset=utf-8');
  });

  test.skipIf(!spec)('has the shape OpenAI publishes', () => {
    expect(spec?.schemaFaults('CreateTranscriptionResponseJson', parsed(transcript))).toEqual([]);
  });

  test('languages without spaces are joined without', () => {
    expect(parsed({ ...transcript, language: 'ja' })['text']).toBe('bonjourmerci');
  });
});

describe('verbose_json', () => {
  const verbose: [string, string] = ['response_format', 'verbose_json'];
  const word: [string, string] = ['timestamp_granularities[]', 'word'];
  const segment: [string, string] = ['timestamp_granularities[]', 'segment'];

  test('has segments unless only words are asked for', () => {
    expect(parsed(transcript, verbose)).toMatchObject({ segments: [{ id: 0 }, { id: 1 }] });
    expect(parsed(transcript, verbose)).not.toHaveProperty('words');
    expect(parsed(transcript, verbose, word)).not.toHaveProperty('segments');
    const both = transcriptionVerboseSchema.parse(parsed(transcript, verbose, word, segment));
    expect(both).toMatchObject({ task: 'transcribe', language: 'french', duration: 61.5, text: 'bonjour merci' });
    expect(both.words).toEqual([
      { word: 'bonjour', start: 1, end: 1.5 },
      { word: 'merci', start: 60, end: 60.5 },
    ]);
  });

  test('a segment says what the engine said; what it did not say is reckoned from the words', () => {
    const said = { startS: 1.25, endS: 2, text: 'bonjour', avgLogprob: -0.2, compressionRatio: 1.5, noSpeechProb: 0.1 };
    const given = { ...transcript, windows: [window('bonjour', 1, { segments: [said] }), window('merci', 60)] };
    const { segments } = transcriptionVerboseSchema.parse(parsed(given, verbose));
    expect(segments?.[0]).toEqual({
      id: 0,
      seek: 100,
      start: 1.25,
      end: 2,
      text: 'bonjour',
      tokens: [],
      temperature: 0,
      avg_logprob: -0.2,
      compression_ratio: 1.5,
      no_speech_prob: 0.1,
    });
    expect(segments?.[1]).toMatchObject({ id: 1, seek: 6000, start: 60, end: 60.5, avg_logprob: Math.log(0.5) });
  });

  test.skipIf(!spec)('has the shape OpenAI publishes', () => {
    const body = parsed(transcript, verbose, word, segment);
    expect(spec?.schemaFaults('CreateTranscriptionResponseVerboseJson', body)).toEqual([]);
    expect(spec?.schemaFaults('CreateTranscriptionResponseVerboseJson', { text: 'x' })).not.toEqual([]);
  });

  test.each([
    ['en-GB', 'english'],
    ['zh', 'chinese'],
    ['French', 'french'],
    ['und', 'undetermined'],
    [undefined, 'undetermined'],
  ])('language %s is called %s', (language, name) => {
    expect(parsed({ ...transcript, language }, verbose)['language']).toBe(name);
  });
});

test('text is a line, srt and vtt are captions', () => {
  expect(answered(transcript, ['response_format', 'text'])).toEqual({
    contentType: 'text/plain; charset=utf-8',
    body: 'bonjour merci\n',
  });
  expect(answered(transcript, ['response_format', 'srt']).body).toContain('00:01:00,000 --> 00:01:00,500\nmerci');
  expect(answered(transcript, ['response_format', 'vtt']).body).toMatch(/^WEBVTT\n\n00:00:01.000 --> /);
});
