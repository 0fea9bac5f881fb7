import { describe, expect, test } from 'vitest';
import { UsageError } from './command.ts';
import { readSttOptions } from './stt-options.ts';

const read = (...args: string[]) => readSttOptions(args, '/home/me');

describe('options of evaluate:stt', () => {
  test('models alone are enough', () => {
    expect(read('--models', 'demo')).toEqual({
      models: [{ kind: 'given', name: 'demo', model: 'demo' }],
      windows: ['auto'],
      set: 'demo',
      clips: undefined,
      language: 'fr',
      voices: ['fr-fr'],
      noiseDb: undefined,
      endpointingMs: 300,
      speed: 1,
      live: true,
      errors: false,
      json: false,
    });
  });

  test('lists are taken apart, and what is named twice is measured once', () => {
    const options = read('--models', 'small, random:base,small', '--windows', 'full,10,15');
    expect(options?.models).toEqual([
      { kind: 'given', name: 'small', model: 'small' },
      { kind: 'random', name: 'random:base', shape: 'base' },
    ]);
    expect(options?.windows).toEqual(['full', '10', '15']);
  });

  test('relative paths are those of the person who typed', () => {
    const options = read('--models', './mine,/opt/theirs', '--set', 'clips');
    expect(options?.models.map((model) => model.kind === 'given' && model.model)).toEqual([
      '/home/me/mine',
      '/opt/theirs',
    ]);
    expect(options?.set).toBe('/home/me/clips');
  });

  test('the language may be left to the model', () => {
    expect(read('--models', 'demo', '--language', 'auto')?.language).toBeUndefined();
  });

  test('help is no run', () => {
    expect(read('--help')).toBeUndefined();
  });

  test.each([
    [[], /--models is missing/],
    [['--models', ' , '], /--models is empty/],
    [['--models', 'random:huge'], /random:tiny/],
    [['--models', 'demo', '--windows', 'wide'], /--windows wide is not a number from 1 to 30/],
    [['--models', 'demo', '--windows', '31'], /from 1 to 30/],
    [['--models', 'demo', '--clips', '0'], /--clips 0/],
    [['--models', 'demo', '--clips', '2.5'], /--clips 2.5/],
    [['--models', 'demo', '--speed', ''], /--speed/],
    [['--models', 'demo', '--noise', 'much'], /--noise much/],
  ])('%j is refused by name', (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });

  test('an unknown option is refused', () => {
    expect(() => read('--models', 'demo', '--modles', 'x')).toThrow(/--modles/);
  });
});
