import { describe, expect, it } from 'vitest';
import { listen, say, speechBench, type SpeechBench } from '../test-support/speech-bench.ts';
import type { TalkingVendor } from '../test-support/talking-vendor.ts';
import { by, FOUR, heardWords } from '../test-support/word-tones.ts';

const GREETING = 'Alpha bravo charlie delta.';
const PUBLIC = { cache: 'public' } as const;

function vendorOf(bench: SpeechBench, at = 0): TalkingVendor {
  const vendor = bench.vendors[at];
  if (!vendor) throw new Error('no such vendor');
  return vendor;
}

describe('kept phrases', () => {
  it('are heard again without anybody being asked, and need no place', async () => {
    await using bench = await speechBench(1, { limits: { maxRunning: 1, maxWaiting: 0 } });
    const vendor = vendorOf(bench);
    const made = await say(bench, GREETING, PUBLIC);
    expect(made.sentences[0]?.cached).toBe(false);
    vendor.manner = () => ({ lateMs: 5_000 });
    const speech = await bench.open();
    speech.write(FOUR.toUpperCase());
    await expect.poll(() => vendor.open).toBe(1);
    const kept = await say(bench, GREETING, { cache: 'none', tenant: 'somebody else' });
    expect(kept.sentences).toEqual([{ ...made.sentences[0], cached: true }]);
    expect(kept.words).toEqual(by(0, GREETING));
    expect(vendor.tellings).toHaveLength(2);
    speech.close();
  });

  it('of a tenant are not heard by another, and nothing is kept of what names a person', async () => {
    await using bench = await speechBench(1);
    const vendor = vendorOf(bench);
    const asked = async (cache: 'none' | 'tenant', tenant: string) => {
      const before = vendor.tellings.length;
      await say(bench, GREETING, { cache, tenant });
      return vendor.tellings.length - before;
    };
    expect(await asked('none', 'a')).toBe(1);
    expect(await asked('tenant', 'a')).toBe(1);
    expect(await asked('tenant', 'a')).toBe(0);
    expect(await asked('none', 'a')).toBe(0);
    expect(await asked('tenant', 'b')).toBe(1);
  });

  it('are not made of speech that broke off or was interrupted', async () => {
    await using bench = await speechBench(1);
    const vendor = vendorOf(bench);
    vendor.manner = () => ({ fault: { type: 'cut', after: 2 } });
    expect((await say(bench, GREETING, PUBLIC)).types).toContain('broken');
    vendor.manner = () => ({ gapMs: 300 });
    const speech = await bench.open(PUBLIC);
    speech.write(GREETING);
    speech.end();
    await speech.pieces[Symbol.asyncIterator]().next();
    speech.close();
    await expect.poll(() => vendor.open).toBe(0);
    vendor.manner = () => ({});
    const heard = await say(bench, GREETING, PUBLIC);
    expect(heard.sentences[0]).toMatchObject({ cached: false, words: by(0, GREETING) });
  });

  it('keep the best voice while it is away, and an answer that has a voice does not change it for them', async () => {
    await using bench = await speechBench(2, { firstProbeMs: 60_000 });
    await say(bench, GREETING, PUBLIC);
    vendorOf(bench).manner = () => ({ status: 401 });
    const answer = await say(bench, 'Echo foxtrot golf hotel.');
    expect(answer.sentences[0]?.engine).toBe('elevenlabs');
    expect((await say(bench, GREETING)).sentences[0]).toMatchObject({ engine: 'openai', cached: true });
    const both = await say(bench, `Echo foxtrot golf hotel. ${GREETING}`);
    expect(both.sentences.map(({ engine, cached }) => [engine, cached])).toEqual([
      ['elevenlabs', false],
      ['elevenlabs', false],
    ]);
  });

  it('of a lesser voice are not heard while a better one is well', async () => {
    await using bench = await speechBench(2);
    const better = vendorOf(bench);
    better.manner = () => ({ status: 500 });
    expect((await say(bench, GREETING, PUBLIC)).sentences[0]?.engine).toBe('elevenlabs');
    better.manner = () => ({});
    expect((await say(bench, GREETING, PUBLIC)).sentences[0]).toMatchObject({ engine: 'openai', cached: false });
    expect((await say(bench, GREETING)).sentences[0]).toMatchObject({ engine: 'openai', cached: true });
  });

  it('of another voice, pace or manner are other phrases', async () => {
    await using bench = await speechBench(1);
    const vendor = vendorOf(bench);
    await say(bench, GREETING, PUBLIC);
    await say(bench, GREETING, { ...PUBLIC, speed: 1.2 });
    await say(bench, GREETING, { ...PUBLIC, instructions: 'gently' });
    expect(vendor.tellings).toHaveLength(3);
  });
});

describe('the same phrase wanted by several at once', () => {
  it('is made once, and all hear it from its beginning', async () => {
    await using bench = await speechBench(1);
    const vendor = vendorOf(bench);
    vendor.manner = () => ({ gapMs: 50 });
    const first = say(bench, GREETING, PUBLIC);
    await expect.poll(() => vendor.open).toBe(1);
    const heard = await Promise.all([first, say(bench, GREETING, PUBLIC), say(bench, GREETING, PUBLIC)]);
    for (const { words } of heard) expect(words).toEqual(by(0, GREETING));
    expect(vendor.tellings).toHaveLength(1);
    await say(bench, GREETING, PUBLIC);
    const counted = (outcome: string) => bench.metric(`eloquence_tts_cache_total{outcome="${outcome}"}`);
    expect(await Promise.all(['miss', 'shared', 'hit', 'stored'].map(counted))).toEqual([1, 2, 1, 1]);
  });

  it('goes on when one of them hangs up', async () => {
    await using bench = await speechBench(1);
    const vendor = vendorOf(bench);
    vendor.manner = () => ({ gapMs: 150 });
    const speeches = [await bench.open(PUBLIC), await bench.open(PUBLIC)];
    for (const speech of speeches) {
      speech.write(GREETING);
      speech.end();
    }
    const [left, stays] = speeches.map((speech) => speech.pieces[Symbol.asyncIterator]());
    await Promise.all([left?.next(), stays?.next()]);
    speeches[0]?.close();
    const sound: number[] = [];
    for (let next = await stays?.next(); next && !next.done; next = await stays?.next())
      if (next.value.type === 'audio') sound.push(...next.value.samples);
    expect(heardWords(Int16Array.from(sound))).toEqual(by(0, GREETING));
    expect(vendor.tellings).toHaveLength(1);
    expect((await say(bench, GREETING)).sentences[0]?.cached).toBe(true);
  });

  it('is not made to its end for nobody', async () => {
    await using bench = await speechBench(1);
    const vendor = vendorOf(bench);
    vendor.manner = () => ({ gapMs: 1_000 });
    const controllers = [new AbortController(), new AbortController()];
    for (const { signal } of controllers) {
      const speech = await bench.open(PUBLIC, signal);
      speech.write(GREETING);
      speech.end();
      listen(speech).catch(() => undefined);
      await expect.poll(() => vendor.open).toBe(1);
    }
    controllers[0]?.abort();
    expect(vendor.open).toBe(1);
    controllers[1]?.abort();
    await expect.poll(() => vendor.open).toBe(0);
    expect(vendor.tellings).toHaveLength(1);
  });
});
