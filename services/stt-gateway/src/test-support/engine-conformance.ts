import type { FakeVendor, RecordedRequest } from '@eloquence/testkit/vendors/fake-vendor';
import type { Ear } from '@eloquence/testkit/vendors/word-ear';
import type { AppError } from '@eloquence/shared/runtime/errors';
import { describe, expect, test } from 'vitest';
import { silence, speak } from './speech.ts';
import type { DecodeRequest, SpeechEngine } from '../engines/engine.ts';

/** An engine before the fake of what is behind it; disposing it checks the shapes of what went over the wire. */
export interface EngineBench extends AsyncDisposable {
  readonly engine: SpeechEngine;
  readonly vendor: FakeVendor & { ear: Ear };
}

/** What sets the engines apart in this suite. */
export interface EngineTraits {
  /** `key` is shown instead of the right one. */
  readonly open: (options?: { readonly key?: string; readonly timeoutMs?: number }) => Promise<EngineBench>;
  /** What the sentence about a wrong key names. */
  readonly keySetting: string;
  /** The words of the language-less request carry times. */
  readonly givesWords: boolean;
  /** Where the vendor says what it heard when it was told no language. */
  readonly findsLanguage: boolean;
  readonly languageOf: (request: RecordedRequest) => unknown;
  readonly keytermsOf: (request: RecordedRequest) => unknown;
  /** How the key terms "Éloquence" and "Mont Blanc" arrive. */
  readonly keyterms: unknown;
}

const samplesOf = (bytes: Buffer): Int16Array<ArrayBuffer> => new Int16Array(new Uint8Array(bytes).buffer);

function ask(pcm: Int16Array<ArrayBuffer>, overrides: Partial<DecodeRequest> = {}): DecodeRequest {
  const signal = new AbortController().signal;
  return { pcm, keyterms: [], temperature: 0, kind: 'final', signal, ...overrides };
}

const sentence = async () => samplesOf(Buffer.concat([silence(300), await speak('bonjour madame'), silence(300)]));

/** What every engine owes its callers, over a real socket. */
export function engineConformance(name: string, traits: EngineTraits): void {
  describe(`${name} as an engine`, () => {
    test('turns a sentence into text, with its words inside the audio', async () => {
      await using bench = await traits.open();
      const pcm = await sentence();
      const heard = await bench.engine.decode(ask(pcm));
      expect(heard).toMatchObject({ text: 'bonjour madame', duration: pcm.length / 16_000 });
      expect(heard.words?.map(({ word }) => word) ?? []).toEqual(traits.givesWords ? ['bonjour', 'madame'] : []);
      for (const { start, end } of heard.words ?? []) {
        expect(start).toBeGreaterThanOrEqual(0.2);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(heard.duration);
      }
      expect(heard.language).toBe(traits.findsLanguage ? 'fr' : '');
    });

    test('tells the language it was given, as a code', async () => {
      await using bench = await traits.open();
      const heard = await bench.engine.decode(ask(await sentence(), { language: 'fr-FR' }));
      expect(heard).toMatchObject({ text: 'bonjour madame', language: expect.stringMatching(/^fr/) });
      expect(await traits.languageOf(lastOf(bench))).toMatch(/^fr(?:-FR)?$/);
    });

    test('makes nothing of silence', async () => {
      await using bench = await traits.open();
      expect(await bench.engine.decode(ask(samplesOf(silence(1_000))))).toMatchObject({ text: '' });
    });

    test('passes key terms on', async () => {
      await using bench = await traits.open();
      await bench.engine.decode(ask(await sentence(), { keyterms: ['Éloquence', 'Mont Blanc'] }));
      expect(await traits.keytermsOf(lastOf(bench))).toEqual(traits.keyterms);
    });

    test.each([1, 3_201, 160_001])('takes %i samples', async (length) => {
      await using bench = await traits.open();
      const outcome = await bench.engine.decode(ask(new Int16Array(length))).then(
        ({ text }) => text,
        (error: AppError) => error.code,
      );
      // Too little is refused by some; that is the request's fault and no outage.
      expect(['', 'invalid_request']).toContain(outcome);
    });

    test('answers two at once', async () => {
      await using bench = await traits.open();
      bench.vendor.mode = { type: 'slow', delayMs: 400 };
      const speech = await sentence();
      const both = Promise.all([bench.engine.decode(ask(speech)), bench.engine.decode(ask(samplesOf(silence(500))))]);
      await expect.poll(() => bench.vendor.requests.length, { timeout: 5_000 }).toBe(2);
      const [first] = bench.vendor.requests;
      // Neither has waited for the other's answer.
      expect(await Promise.race([first?.outcome, Promise.resolve('open')])).toBe('open');
      expect((await both).map(({ text }) => text)).toEqual(['bonjour madame', '']);
    });

    test('closes the connection at once when it is aborted, and rejects with the reason', async () => {
      await using bench = await traits.open();
      bench.vendor.mode = { type: 'stall' };
      const abort = new AbortController();
      const decoding = bench.engine.decode(ask(await sentence(), { signal: abort.signal }));
      decoding.catch(() => undefined);
      await expect.poll(() => bench.vendor.requests.length, { timeout: 5_000 }).toBe(1);
      const startedMs = performance.now();
      abort.abort(new Error('nobody listens any more'));
      await expect(decoding).rejects.toThrow('nobody listens any more');
      expect(await lastOf(bench).outcome).toBe('closed');
      expect(performance.now() - startedMs).toBeLessThan(200);
    });

    test('says who it is', async () => {
      await using bench = await traits.open();
      expect(await bench.engine.describe(AbortSignal.timeout(2_000))).toMatchObject({ id: expect.any(String) });
    });

    engineFailures(traits);
  });
}

function engineFailures(traits: EngineTraits): void {
  test('that is away is `unavailable`', async () => {
    const bench = await traits.open();
    await bench.vendor[Symbol.asyncDispose]();
    await expect(bench.engine.decode(ask(await sentence()))).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
    await expect(bench.engine.describe(AbortSignal.timeout(2_000))).rejects.toMatchObject({ code: 'unavailable' });
    await bench.engine.close();
  });

  test('that refuses the key names the setting, not the key, and is not asked again', async () => {
    await using bench = await traits.open({ key: 'a-wrong-key-0123456789' });
    const error = await bench.engine.decode(ask(await sentence())).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'upstream_rejected', retryable: false });
    expect((error as AppError).message).toContain(traits.keySetting);
    expect((error as AppError).message).not.toContain('a-wrong-key');
    expect(bench.vendor.requests).toHaveLength(1);
  });

  test('that limits us is asked again after the time it gives', async () => {
    await using bench = await traits.open();
    bench.vendor.mode = { type: 'rate_limited', retryAfterS: 7 };
    await expect(bench.engine.decode(ask(await sentence()))).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:unavailable|overloaded)$/),
      retryable: true,
      retryAfterS: 7,
    });
  });

  test.each([
    [{ type: 'error', status: 500 }, 'upstream_failed'],
    [{ type: 'error', status: 503 }, 'unavailable'],
    [{ type: 'error', status: 404 }, 'upstream_rejected'],
    [{ type: 'garbage' }, 'upstream_failed'],
    [{ type: 'wrong_type' }, 'upstream_failed'],
    [{ type: 'cut' }, 'unavailable'],
  ] as const)('that answers with %o is %s', async (mode, code) => {
    await using bench = await traits.open();
    bench.vendor.mode = mode;
    await expect(bench.engine.decode(ask(await sentence()))).rejects.toMatchObject({ name: 'AppError', code });
  });

  test.each([{ type: 'slow', delayMs: 5_000 }, { type: 'stall' }] as const)(
    'that is late (%o) is `upstream_timeout`, and its connection is closed',
    async (mode) => {
      await using bench = await traits.open({ timeoutMs: 300 });
      bench.vendor.mode = mode;
      await expect(bench.engine.decode(ask(await sentence()))).rejects.toMatchObject({ code: 'upstream_timeout' });
      expect(await lastOf(bench).outcome).toBe('closed');
    },
  );
}

function lastOf({ vendor }: EngineBench): RecordedRequest {
  const last = vendor.requests.at(-1);
  if (!last) throw new Error('nothing was asked');
  return last;
}
