import { taughtEar } from '@eloquence/testkit/vendors/word-ear';
import type { FakeDeepgram } from '@eloquence/testkit/vendors/deepgram';
import type { AppError } from '@eloquence/shared/runtime/errors';
import { describe, expect, test } from 'vitest';
import { silence, speak } from './speech.ts';
import type { EngineStream, StreamEvent, StreamingEngine, StreamOptions, StreamResult } from '../engines/engine.ts';

interface StreamBench extends AsyncDisposable {
  readonly engine: StreamingEngine;
  readonly vendor: FakeDeepgram;
}

export interface StreamTraits {
  readonly open: (options?: {
    readonly key?: string;
    readonly keepAliveMs?: number;
    readonly silentMs?: number;
  }) => Promise<StreamBench>;
  readonly keySetting: string;
}

/** One stream and all it says. */
class Listening {
  readonly events: StreamEvent[] = [];
  readonly stream: EngineStream;
  readonly end: Promise<AppError | undefined>;

  constructor(engine: StreamingEngine, options: Partial<StreamOptions> = {}) {
    const { promise, resolve } = Promise.withResolvers<AppError | undefined>();
    this.end = promise;
    const defaults = { language: 'fr', keyterms: [], endpointingMs: 300, utteranceEndMs: undefined };
    this.stream = engine.openStream(
      { ...defaults, ...options },
      { onEvent: (event) => this.events.push(event), onPressure: () => undefined, onEnd: resolve },
    );
  }

  results(final: boolean): StreamResult[] {
    return this.events.filter((event): event is StreamResult => event.type === 'result' && event.final === final);
  }

  get said(): string[] {
    return this.results(true).flatMap(({ text }) => text || []);
  }
}

const samplesOf = (bytes: Buffer): Int16Array<ArrayBuffer> => new Int16Array(new Uint8Array(bytes).buffer);

async function speech(vendor: FakeDeepgram): Promise<Int16Array<ArrayBuffer>> {
  const word = await speak('bonjour');
  vendor.ear = taughtEar(new Map([['bonjour', samplesOf(word)]]));
  return samplesOf(Buffer.concat([silence(400), word, silence(800)]));
}

/** What every streaming engine owes the session that relays it, over a real socket. */
export function streamConformance(name: string, traits: StreamTraits): void {
  describe(`${name} as a streaming engine`, () => {
    test('tells starts, interims and finals on the clock of the audio pushed', async () => {
      await using bench = await traits.open();
      const pcm = await speech(bench.vendor);
      const listening = new Listening(bench.engine);
      for (let at = 0; at < pcm.length; at += 1_601) listening.stream.push(pcm.subarray(at, at + 1_601));
      await expect.poll(() => listening.said, { timeout: 5_000 }).toEqual(['bonjour']);
      expect(listening.events.filter(({ type }) => type === 'started')).toHaveLength(1);
      expect(listening.results(false).length).toBeGreaterThan(0);
      const final = listening.results(true).find(({ text }) => text);
      expect(final).toMatchObject({ pause: true, fromFinalize: false });
      expect(final?.words[0]?.startS).toBeCloseTo(0.43, 1);
      listening.stream.finish();
      expect(await listening.end).toBeUndefined();
    });

    test('answers Finalize with what there is', async () => {
      await using bench = await traits.open();
      const listening = new Listening(bench.engine, { endpointingMs: undefined });
      listening.stream.push(await speech(bench.vendor));
      listening.stream.finalize();
      await expect.poll(() => listening.said, { timeout: 5_000 }).toEqual(['bonjour']);
      expect(listening.results(true).at(-1)).toMatchObject({ fromFinalize: true });
      listening.stream.close();
    });

    test('tells the rest before it ends when it is finished in the middle', async () => {
      await using bench = await traits.open();
      const listening = new Listening(bench.engine);
      const pcm = await speech(bench.vendor);
      listening.stream.push(pcm.subarray(0, pcm.length - 12_000));
      listening.stream.finish();
      expect(await listening.end).toBeUndefined();
      expect(listening.said).toEqual(['bonjour']);
    });

    test('is kept open over silence', async () => {
      await using bench = await traits.open({ keepAliveMs: 200 });
      bench.vendor.idleMs = 700;
      const listening = new Listening(bench.engine);
      const controls = () => bench.vendor.streams[0]?.controls.length ?? 0;
      await expect.poll(controls, { timeout: 5_000 }).toBeGreaterThan(4);
      expect(bench.vendor.streams[0]?.closed).toBe(false);
      listening.stream.close();
      await expect.poll(() => bench.vendor.streams[0]?.closed).toBe(true);
    });

    test('passes language and key terms on', async () => {
      await using bench = await traits.open();
      const listening = new Listening(bench.engine, { language: 'fr-FR', keyterms: ['Éloquence', 'Mont Blanc'] });
      await expect.poll(() => bench.vendor.streams.length).toBe(1);
      expect(bench.vendor.streams[0]?.query.get('language')).toBe('fr');
      expect(bench.vendor.streams[0]?.query.getAll('keyterm')).toEqual(['Éloquence', 'Mont Blanc']);
      listening.stream.close();
    });

    streamFailures(traits);
  });
}

function streamFailures(traits: StreamTraits): void {
  test('that is cut off in the middle says so', async () => {
    await using bench = await traits.open();
    const listening = new Listening(bench.engine);
    listening.stream.push((await speech(bench.vendor)).subarray(0, 12_000));
    await expect.poll(() => listening.events.length, { timeout: 5_000 }).toBeGreaterThan(0);
    bench.vendor.cutStreams();
    expect(await listening.end).toMatchObject({ code: 'unavailable', retryable: true });
  });

  test('that is cut off while it finishes has not told everything', async () => {
    await using bench = await traits.open();
    bench.vendor.mode = { type: 'stall' };
    const listening = new Listening(bench.engine);
    listening.stream.push(await speech(bench.vendor));
    listening.stream.finish();
    await expect.poll(() => bench.vendor.streams[0]?.controls).toContain('CloseStream');
    bench.vendor.cutStreams();
    expect(await listening.end).toMatchObject({ code: 'unavailable' });
  });

  test('that refuses the key names the setting', async () => {
    await using bench = await traits.open({ key: 'a-wrong-key-0123456789' });
    const error = await new Listening(bench.engine).end;
    expect(error).toMatchObject({ code: 'upstream_rejected', retryable: false });
    expect(error?.message).toContain(traits.keySetting);
    expect(error?.message).not.toContain('a-wrong-key');
  });

  test('that limits us gives the time to come back', async () => {
    await using bench = await traits.open();
    bench.vendor.mode = { type: 'rate_limited', retryAfterS: 7 };
    expect(await new Listening(bench.engine).end).toMatchObject({ code: 'unavailable', retryAfterS: 7 });
  });

  test.each([
    [{ type: 'error', status: 500 }, 'upstream_failed'],
    [{ type: 'garbage' }, 'upstream_failed'],
    [{ type: 'stall' }, 'upstream_timeout'],
  ] as const)('that behaves like %o ends with %s', async (mode, code) => {
    await using bench = await traits.open({ silentMs: 400 });
    const pcm = await speech(bench.vendor);
    bench.vendor.mode = mode;
    const listening = new Listening(bench.engine);
    listening.stream.push(pcm);
    listening.stream.push(pcm);
    expect(await listening.end).toMatchObject({ code });
  });

  test('that is not there is `unavailable`', async () => {
    const bench = await traits.open();
    await bench.vendor[Symbol.asyncDispose]();
    expect(await new Listening(bench.engine).end).toMatchObject({ code: 'unavailable' });
    await bench.engine.close();
  });
}
