import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cleanTyped, TypedInbox } from './typed-inbox.ts';

function setUp() {
  const typed: string[] = [];
  const dropped = vi.fn<() => void>();
  const inbox = new TypedInbox({ onTyped: (text) => typed.push(text), onDropped: dropped });
  return { inbox, typed, dropped };
}

describe('what a person typed', () => {
  test('loses its control characters and keeps a line break as a space', () => {
    expect(cleanTyped('\u0000 bon\u0000jour\u0007\r\nà\ttous\u001B ')).toBe('bonjour à tous');
    expect(cleanTyped('\u0000\n\u0001')).toBe('');
  });

  test('is cut at 2000 characters and never through the middle of a character', () => {
    expect(cleanTyped('a'.repeat(60_000))).toHaveLength(2_000);
    expect(cleanTyped(`${'a'.repeat(1_999)}😀`)).toBe('a'.repeat(1_999));
  });
});

describe('the typed inbox', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('hands on the first at once and the next ones in order, one every 300 ms', async () => {
    const { inbox, typed } = setUp();
    for (const text of ['un', ' \u0000 ', 'deux', 'trois']) inbox.take(text);
    expect(typed).toEqual(['un']);
    await vi.advanceTimersByTimeAsync(299);
    expect(typed).toEqual(['un']);
    await vi.advanceTimersByTimeAsync(1);
    expect(typed).toEqual(['un', 'deux']);
    await vi.advanceTimersByTimeAsync(300);
    expect(typed).toEqual(['un', 'deux', 'trois']);
  });

  test('lets five wait and drops what comes after them', async () => {
    const { inbox, typed, dropped } = setUp();
    for (let index = 0; index < 100; index++) inbox.take(`${index}`);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(typed).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(dropped).toHaveBeenCalledTimes(94);
    inbox.take('encore');
    expect(typed.at(-1)).toBe('encore');
  });

  test('hands on nothing once it is closed', async () => {
    const { inbox, typed } = setUp();
    inbox.take('un');
    inbox.take('deux');
    inbox.close();
    await vi.advanceTimersByTimeAsync(1_000);
    inbox.take('trois');
    expect(typed).toEqual(['un']);
  });
});
