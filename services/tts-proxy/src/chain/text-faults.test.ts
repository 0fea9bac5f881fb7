import { AppError } from '@eloquence/shared/runtime/errors';
import { describe, expect, it, vi } from 'vitest';
import { silentAnswer, TextFaults } from './text-faults.ts';

const refused = new AppError(
  'invalid_request',
  'Vendor refused the request (400). If it refuses every text, check V_MODEL.',
);
const wrongKey = new AppError('upstream_rejected', 'Vendor refused the key (401). Check V_KEY.');

function bench(check: () => Promise<void> = async () => undefined) {
  const onRefused = vi.fn<(error: AppError) => void>();
  const asked = vi.fn<() => Promise<void>>(check);
  return { faults: new TextFaults({ check: asked, onRefused }), onRefused, asked };
}

describe('TextFaults', () => {
  it('blames the text, however many are refused, as soon as the provider has spoken any', () => {
    const { faults } = bench();
    expect(faults.judge('bad', refused, 'refused')).toBe(refused);
    faults.spoke();
    for (let text = 0; text < 20; text += 1) expect(faults.judge(`bad ${text}`, refused, 'refused')).toBe(refused);
  });

  it('blames a provider that has never spoken when it refuses a second text, not the same one twice', () => {
    const { faults } = bench();
    expect(faults.judge('bad', refused, 'refused')).toBe(refused);
    expect(faults.judge('bad', refused, 'refused')).toBe(refused);
    expect(faults.judge('bonjour', refused, 'refused')).toMatchObject({
      code: 'upstream_rejected',
      message: expect.stringContaining('V_MODEL'),
    });
  });

  it('blames a provider that makes no sound of five texts in a row', () => {
    const { faults } = bench();
    const codes = (count: number) =>
      Array.from({ length: count }, (_, text) => faults.judge(`text ${text}`, silentAnswer(), 'silent').code);
    expect(codes(4)).toEqual(Array.from({ length: 4 }, () => 'invalid_request'));
    faults.spoke();
    expect(codes(6)).toEqual([
      ...Array.from({ length: 4 }, () => 'invalid_request'),
      'upstream_failed',
      'upstream_failed',
    ]);
  });

  it('asks a provider that refuses a text whether it refuses us, once in a while', async () => {
    const { faults, onRefused, asked } = bench(() => Promise.reject(wrongKey));
    faults.spoke();
    for (let text = 0; text < 5; text += 1) faults.judge(`bad ${text}`, refused, 'refused');
    await expect.poll(() => onRefused.mock.calls).toEqual([[wrongKey]]);
    expect(asked).toHaveBeenCalledOnce();
  });

  it('believes a provider that says it is well', async () => {
    const { faults, onRefused, asked } = bench();
    faults.spoke();
    faults.judge('bad', refused, 'refused');
    await asked.mock.results[0]?.value;
    expect(onRefused).not.toHaveBeenCalled();
  });
});
