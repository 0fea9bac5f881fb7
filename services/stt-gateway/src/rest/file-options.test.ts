import { describe, expect, test } from 'vitest';
import { AppError } from '@eloquence/shared/runtime/errors';
import { readFileOptions, type Field } from './file-options.ts';

const read = (...fields: Field[]) => readFileOptions(fields);

function refusal(...fields: Field[]): AppError {
  try {
    read(...fields);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('was not refused');
}

describe('fields', () => {
  test('none are needed', () => {
    expect(read()).toEqual({
      language: undefined,
      keyterms: [],
      format: 'json',
      temperature: 0,
      words: false,
      segments: true,
      stream: false,
    });
  });

  test('what OpenAI clients send is understood, lists in each of their spellings', () => {
    const given = read(
      ['model', 'gpt-4o-transcribe'],
      ['language', 'fr'],
      ['prompt', ' Eloquence '],
      ['keywords[]', 'Grenoble'],
      ['keywords[]', 'Léa'],
      ['response_format', 'verbose_json'],
      ['temperature', '0.2'],
      ['timestamp_granularities[0]', 'word'],
      ['timestamp_granularities', 'segment'],
      ['include[]', 'logprobs'],
      ['chunking_strategy[type]', 'server_vad'],
      ['chunking_strategy[threshold]', '0.5'],
      ['stream', 'False'],
    );
    expect(given).toEqual({
      language: 'fr',
      keyterms: ['Eloquence', 'Grenoble', 'Léa'],
      format: 'verbose_json',
      temperature: 0.2,
      words: true,
      segments: true,
      stream: false,
    });
  });

  test('one of languages[] is the language, several leave it open', () => {
    expect(read(['languages[]', 'fr']).language).toBe('fr');
    expect(read(['languages[]', 'fr'], ['languages[]', 'en']).language).toBeUndefined();
    expect(read(['language', 'auto']).language).toBeUndefined();
    expect(read(['language', '']).language).toBeUndefined();
  });

  test('what is unknown, given twice or out of range is named', () => {
    expect(refusal(['langauge', 'fr']).message).toContain('langauge: is no field of a transcription');
    expect(refusal(['language', 'fr'], ['language', 'en']).message).toContain('language: is given twice');
    const both = refusal(['temperature', '2'], ['stream', 'perhaps']);
    expect(both.code).toBe('invalid_request');
    expect(both.issues?.map(({ path }) => path)).toEqual(['temperature', 'stream']);
  });

  test('telling speakers apart is refused in words', () => {
    expect(refusal(['response_format', 'diarized_json']).message).toContain('who speaks is not told apart here');
    expect(refusal(['known_speaker_names[]', 'Léa']).message).toContain('telling speakers apart');
    expect(refusal(['response_format', 'xml']).message).toContain('response_format');
  });

  test('a stream has text only', () => {
    expect(read(['stream', 'true'], ['response_format', 'text'])).toMatchObject({ stream: true, format: 'text' });
    expect(refusal(['stream', 'true'], ['response_format', 'srt']).message).toContain('cannot be srt with stream=true');
  });
});
