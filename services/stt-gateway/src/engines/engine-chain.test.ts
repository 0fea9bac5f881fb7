import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EngineChain } from './engine-chain.ts';
import type { DecodeRequest, SpeechEngine } from './engine.ts';

type Answer = AppError | string;
const HANGS = 'hangs';

/** An engine that answers as told. */
class TestEngine implements SpeechEngine {
  readonly name: string;
  answer: Answer;
  asked = 0;
  well = true;

  constructor(name: string, answer: Answer = name) {
    this.name = name;
    this.answer = answer;
  }

  async decode({ signal }: DecodeRequest): Promise<VerboseTranscription> {
    this.asked += 1;
    const { answer } = this;
    if (answer instanceof AppError) throw answer;
    if (answer === HANGS)
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    return { language: 'fr', duration: 1, text: answer };
  }

  async describe() {
    if (!this.well) throw away();
    return { id: this.name, label: this.name, label_fr: this.name, demo: false };
  }

  async close(): Promise<void> {}
}

const away = () => new AppError('unavailable', 'It cannot be reached.', { cause: 'ECONNREFUSED' });
const failed = () => new AppError('upstream_failed', 'It failed.');

function bench(...engines: TestEngine[]) {
  const telemetry = new Telemetry({ processMetrics: false });
  const logger = createLogger('test', 'silent');
  const chain = new EngineChain(engines, { telemetry, logger, firstProbeMs: 5 });
  onTestFinished(() => chain.close());
  const decode = (overrides: Partial<DecodeRequest> = {}) =>
    chain.decode({
      pcm: new Int16Array(16_000),
      keyterms: [],
      temperature: 0,
      kind: 'final',
      signal: new AbortController().signal,
      ...overrides,
    });
  const failovers = async () => (await telemetry.registry.metrics()).match(/failovers_total\{.*/g) ?? [];
  return { chain, decode, failovers };
}

describe('EngineChain', () => {
  test('asks the first engine while it is well', async () => {
    const [one, two] = [new TestEngine('one'), new TestEngine('two')];
    const { chain, decode } = bench(one, two);
    expect((await decode()).text).toBe('one');
    expect(two.asked).toBe(0);
    expect(chain.name).toBe('one');
    expect(chain.summary).toBe('one listens; spare: two');
  });

  test('hands on what an engine that is away could not do, counts it, and no longer asks that one', async () => {
    const [one, two] = [new TestEngine('one', away()), new TestEngine('two')];
    one.well = false;
    const { chain, decode, failovers } = bench(one, two);
    expect([(await decode()).text, (await decode()).text]).toEqual(['two', 'two']);
    expect(one.asked).toBe(1);
    expect(await failovers()).toEqual(['failovers_total{from="one",to="two"} 1']);
    expect(chain.name).toBe('two');
    expect(chain.summary).toBe('two listens; one is away: It cannot be reached.');
    expect((await chain.describe(AbortSignal.timeout(1_000)))?.id).toBe('two');
  });

  test('goes back to the first engine when that answers again', async () => {
    const [one, two] = [new TestEngine('one', away()), new TestEngine('two')];
    const { chain, decode } = bench(one, two);
    await decode();
    one.answer = 'one';
    await expect.poll(() => chain.name).toBe('one');
    expect((await decode()).text).toBe('one');
    expect(chain.summary).toBe('one listens; spare: two');
  });

  test('says that all are away only when all are, and still asks each of them', async () => {
    const [one, two] = [new TestEngine('one', away()), new TestEngine('two', away())];
    one.well = false;
    two.well = false;
    const { chain, decode, failovers } = bench(one, two);
    await expect(decode()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await failovers()).toEqual([]);
    await expect(chain.describe(AbortSignal.timeout(1_000))).rejects.toMatchObject({
      message: 'It cannot be reached. It cannot be reached.',
    });
    two.answer = 'two';
    expect((await decode()).text).toBe('two');
  });

  test('an engine that cannot do what another can is neither away nor asked for nothing', async () => {
    const [one, two] = [new TestEngine('one', new AppError('unsupported_language', 'No.')), new TestEngine('two')];
    const { chain, decode } = bench(one, two);
    expect((await decode()).text).toBe('two');
    expect(chain.name).toBe('one');
    two.answer = new AppError('invalid_request', 'No.');
    await expect(decode()).rejects.toMatchObject({ code: 'unsupported_language' });
  });

  test('waiting helps when one of two may come back, even if the other refuses', async () => {
    const { decode } = bench(
      new TestEngine('one', new AppError('upstream_rejected', 'check THE_KEY')),
      new TestEngine('two', failed()),
    );
    await expect(decode()).rejects.toMatchObject({ code: 'upstream_failed' });
  });

  test('an engine that hangs costs some seconds, twice, and then nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const [one, two] = [new TestEngine('one', HANGS), new TestEngine('two')];
    one.well = false;
    const { decode } = bench(one, two);
    for (const limitMs of [4_600, 12_100]) {
      const startMs = performance.now();
      const decoding = decode();
      await vi.advanceTimersByTimeAsync(limitMs);
      expect((await decoding).text).toBe('two');
      expect(performance.now() - startMs).toBeLessThanOrEqual(limitMs);
    }
    expect((await decode()).text).toBe('two');
    expect(one.asked).toBe(2);
  });

  test('a slow processor is not given up for being slow', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const one = new TestEngine('one');
    const slow = one.decode.bind(one);
    let tookMs = 3_500;
    one.decode = async (request) => {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, tookMs);
        request.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(request.signal.reason as Error);
        });
      });
      return slow(request);
    };
    const { decode } = bench(one, new TestEngine('two'));
    const told: string[] = [];
    for (tookMs of [3_500, 8_000, 9_500]) {
      const decoding = decode();
      await vi.advanceTimersByTimeAsync(20_000);
      told.push((await decoding).text);
    }
    expect(told).toEqual(['one', 'one', 'one']);
  });

  test('a decode nobody wants any more says nothing about the engine', async () => {
    const one = new TestEngine('one', HANGS);
    const { chain, decode, failovers } = bench(one, new TestEngine('two'));
    const abort = new AbortController();
    const decoding = decode({ signal: abort.signal });
    abort.abort(new Error('speech went on'));
    await expect(decoding).rejects.toThrow('speech went on');
    expect(chain.name).toBe('one');
    expect(await failovers()).toEqual([]);
  });
});
