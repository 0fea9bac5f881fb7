import { describe, expect, it } from 'vitest';
import { listen, say, speechBench, type Heard, type SpeechBench } from '../test-support/speech-bench.ts';
import type { Manner, TalkingVendor } from '../test-support/talking-vendor.ts';
import { by, FOUR, LONG, wordsOf } from '../test-support/word-tones.ts';

const FIRST_SENTENCE = 'Alpha bravo charlie delta.';

function vendorsOf(bench: SpeechBench): [TalkingVendor, TalkingVendor] {
  const [first, second] = bench.vendors;
  if (!first || !second) throw new Error('two vendors are needed');
  return [first, second];
}

/** Which voice spoke each sentence. */
function voicesOf({ sentences }: Heard): number[] {
  return sentences.map(({ engine }) => ['openai', 'elevenlabs', 'mistral'].indexOf(engine));
}

/** A manner for the sentence with this word, another for the rest. */
function at(word: string, manner: Manner, rest: Manner = {}) {
  return (text: string) => (text.toLowerCase().includes(word) ? manner : rest);
}

describe('before the first sound of a sentence', () => {
  it.each([
    ['an error', { status: 500 }],
    ['a refused key', { status: 401 }],
    ['a broken connection', { fault: { type: 'cut', after: 0 } }],
  ] as const)('%s hands it to the next provider at once', async (_what, manner) => {
    // Nothing but the failure can bring the next provider in.
    await using bench = await speechBench(2, { hedgeAfterMs: 60_000, limits: { firstSoundTimeoutMs: 60_000 } });
    const [first, second] = vendorsOf(bench);
    first.manner = () => manner;
    const heard = await say(bench, FIRST_SENTENCE);
    expect(heard.words).toEqual(by(1, FIRST_SENTENCE));
    expect(second.tellings).toHaveLength(1);
    expect(await bench.metric('eloquence_tts_requests_total{provider="openai",outcome="failed"}')).toBe(1);
    const labels = 'from="openai",to="elevenlabs",reason="failed"';
    expect(await bench.metric(`eloquence_tts_failovers_total{${labels}}`)).toBe(1);
  });

  it(
    'silence for too long has the next provider asked beside it; whoever is heard first speaks, the other is let go',
    { retry: 3 },
    async () => {
      await using bench = await speechBench(2, { hedgeAfterMs: 150 });
      const [first] = vendorsOf(bench);
      first.manner = () => ({ lateMs: 3_000 });
      const heard = await say(bench, FIRST_SENTENCE);
      expect(heard.words).toEqual(by(1, FIRST_SENTENCE));
      expect(heard.firstMs).toBeGreaterThanOrEqual(140);
      expect(heard.firstMs).toBeLessThan(600);
      expect(await first.requests[0]?.outcome).toBe('closed');
      expect(await bench.metric('eloquence_tts_requests_total{provider="openai",outcome="late"}')).toBe(1);
      expect(await bench.metric('eloquence_tts_requests_total{provider="elevenlabs",outcome="ok"}')).toBe(1);
      const labels = 'from="openai",to="elevenlabs",reason="late"';
      expect(await bench.metric(`eloquence_tts_failovers_total{${labels}}`)).toBe(1);
    },
  );

  it('a provider asked beside a slow one that is heard first after all is let go, and nobody has failed', async () => {
    await using bench = await speechBench(2, { hedgeAfterMs: 100 });
    const [first, second] = vendorsOf(bench);
    first.manner = () => ({ lateMs: 200 });
    second.manner = () => ({ lateMs: 3_000 });
    const heard = await say(bench, FIRST_SENTENCE);
    expect(heard.words).toEqual(by(0, FIRST_SENTENCE));
    expect(await second.requests[0]?.outcome).toBe('closed');
    expect(await bench.metric('eloquence_tts_requests_total{provider="elevenlabs",outcome="aborted"}')).toBe(1);
    expect(bench.chain.summary).toBe('openai speaks; spare: elevenlabs');
  });

  it('a provider that is always slow is given twice its usual time, so that the voice does not flap', async () => {
    await using bench = await speechBench(2, { hedgeAfterMs: 400 });
    const [first, second] = vendorsOf(bench);
    first.manner = (_text, count) => ({ lateMs: count === 1 ? 280 : 470 });
    for (let time = 0; time < 3; time += 1)
      expect((await say(bench, FIRST_SENTENCE)).words).toEqual(by(0, FIRST_SENTENCE));
    expect(second.tellings).toHaveLength(0);
  });

  it('nobody is asked twice for a sentence that has time left', async () => {
    await using bench = await speechBench(2);
    const [first, second] = vendorsOf(bench);
    // Four seconds are heard before the last sentence is wanted.
    const long = Array.from({ length: 5 }, () => 'alpha bravo charlie delta echo foxtrot golf hotel').join(' ');
    first.manner = at('india', { lateMs: 1_000 });
    const text = `${long}. India juliette kilo lima mike november.`;
    const heard = await say(bench, text);
    expect(heard.words).toEqual(by(0, text));
    expect(second.tellings).toHaveLength(0);
  });

  it('two silent providers are followed by a third, and never more than two are asked at once', async () => {
    await using bench = await speechBench(3, { hedgeAfterMs: 100, limits: { firstSoundTimeoutMs: 300 } });
    const [first, second, third] = bench.vendors;
    if (!first || !second || !third) throw new Error('three vendors are needed');
    first.manner = () => ({ lateMs: 5_000 });
    second.manner = () => ({ lateMs: 5_000 });
    let mostAtOnce = 0;
    third.manner = () => {
      mostAtOnce = first.open + second.open + third.open;
      return {};
    };
    expect((await say(bench, FIRST_SENTENCE)).words).toEqual(by(2, FIRST_SENTENCE));
    expect(mostAtOnce).toBeLessThanOrEqual(2);
  });

  it('when all are away, the error names the first reason and says whether to try again', async () => {
    await using bench = await speechBench(2);
    const [first, second] = vendorsOf(bench);
    first.manner = () => ({ status: 401 });
    second.manner = () => ({ status: 401 });
    await expect(say(bench, FIRST_SENTENCE)).rejects.toMatchObject({
      code: 'upstream_rejected',
      message: expect.stringContaining('OPENAI_API_KEY'),
      retryable: false,
    });
    second.manner = () => ({ status: 500 });
    await expect(say(bench, FIRST_SENTENCE)).rejects.toMatchObject({
      message: expect.stringMatching(/OPENAI_API_KEY.* failed \(500\)/),
      retryable: true,
    });
  });

  it('without any provider the error says how to get one', async () => {
    await using bench = await speechBench(0);
    await expect(say(bench, FIRST_SENTENCE)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('apt-get install espeak-ng'),
    });
  });
});

describe('in the middle of a sentence', () => {
  it.each(['cut', 'stall'] as const)(
    'a voice that breaks off (%s) while its beginning is heard is not replaced: no word twice, no second voice',
    async (type) => {
      await using bench = await speechBench(2, { limits: { idleTimeoutMs: 200 } });
      const [first] = vendorsOf(bench);
      first.manner = at('alpha', { fault: { type, after: 2 }, gapMs: 5 });
      const heard = await say(bench, FOUR);
      const voices = voicesOf(heard);
      // What the voice had made already is still heard; then it is left, once and for all.
      expect(voices[0]).toBe(0);
      expect(voices.at(-1)).toBe(1);
      expect(voices).toEqual(voices.toSorted((a, b) => a - b));
      expect(heard.sentences.map(({ words }) => words)).toEqual([
        by(0, 'alpha bravo'),
        by(voices[1] ?? 0, 'echo foxtrot golf hotel'),
        by(voices[2] ?? 0, 'india juliette kilo lima'),
        by(1, 'mike november oscar papa'),
      ]);
      expect(heard.types.filter((one) => one === 'broken')).toHaveLength(1);
      expect(await bench.metric('eloquence_tts_requests_total{provider="openai",outcome="broken"}')).toBe(1);
    },
  );

  it(
    'a voice that goes silent in mid-sentence: another is asked for the next one meanwhile',
    { retry: 3 },
    async () => {
      await using bench = await speechBench(2, { hedgeAfterMs: 100, limits: { idleTimeoutMs: 1_500 } });
      const [first, second] = vendorsOf(bench);
      // The sentence before is not the last: the next has been asked for of the same provider, which says nothing any more.
      first.manner = (_text, count) => (count === 1 ? { fault: { type: 'stall', after: 3 } } : { lateMs: 60_000 });
      const heard = await say(bench, `${FIRST_SENTENCE} Echo foxtrot golf hotel.`);
      expect(heard.words).toEqual([...by(0, 'alpha bravo charlie'), ...by(1, 'echo foxtrot golf hotel')]);
      const askedAfterMs = (second.tellings[0]?.startedAtMs ?? 0) - (first.tellings[0]?.startedAtMs ?? 0);
      expect(askedAfterMs).toBeLessThan(1_000);
    },
  );

  it('a voice that breaks off while the sentence before is heard: it is spoken whole by another, and nobody notices', async () => {
    await using bench = await speechBench(2);
    const [first] = vendorsOf(bench);
    first.manner = at('echo', { fault: { type: 'cut', after: 2 } });
    const heard = await say(bench, `${LONG} ${FOUR}`);
    expect(heard.types).not.toContain('broken');
    const voices = voicesOf(heard);
    const change = heard.sentences.findIndex(({ text }) => text.includes('Echo'));
    expect(voices).toEqual(voices.map((_, index) => (index < change ? 0 : 1)));
    expect(heard.words.map((word) => word.split('@')[0])).toEqual(wordsOf(`${LONG} ${FOUR}`));
  });

  it('a server that is killed while it speaks the second of four sentences: every other word is heard, in order', async () => {
    await using bench = await speechBench(2);
    const [first] = vendorsOf(bench);
    // As slow as it is heard, so that the listener is in the middle of the second sentence.
    const dying = at('echo', { gapMs: 100, fault: { type: 'death', after: 3 } }, { gapMs: 100 });
    first.manner = (text) => (text.includes('Alpha') ? {} : dying(text));
    const heard = await say(bench, FOUR);
    const [one, two, three, four] = heard.sentences.map(({ words }) => words);
    expect(one).toEqual(by(0, 'alpha bravo charlie delta'));
    const second = [by(0, 'echo foxtrot golf hotel'), by(1, 'echo foxtrot golf hotel')];
    expect(second.some((whole) => two?.every((word, index) => word === whole[index]))).toBe(true);
    expect([three, four]).toEqual([by(1, 'india juliette kilo lima'), by(1, 'mike november oscar papa')]);
  });

  it('a server that is killed while it speaks one sentence and prepares the next: the next is heard whole', async () => {
    await using bench = await speechBench(2);
    const [first] = vendorsOf(bench);
    // Slower than heard: the first sentence is given out as it is made, and the second is due as soon as it begins.
    const slow = { gapMs: 150 };
    first.manner = at('alpha', { ...slow, fault: { type: 'death', after: 3 } }, slow);
    const heard = await say(bench, FOUR);
    const [one, ...others] = heard.sentences.map(({ words }) => words);
    expect(first.texts.some((text) => text.includes('Echo'))).toBe(true);
    expect(one).toEqual(by(0, 'alpha bravo charlie'));
    expect(others).toEqual([
      by(1, 'echo foxtrot golf hotel'),
      by(1, 'india juliette kilo lima'),
      by(1, 'mike november oscar papa'),
    ]);
  });

  it('when every voice breaks off, the answer ends with an error and not with an endless beginning', async () => {
    await using bench = await speechBench(2);
    for (const vendor of bench.vendors) vendor.manner = at('echo', { fault: { type: 'cut', after: 2 } });
    await expect(say(bench, `${LONG} Echo foxtrot golf hotel.`)).rejects.toMatchObject({ code: 'upstream_failed' });
    const asked = bench.vendors.flatMap(({ texts }) => texts).filter((text) => text.includes('Echo'));
    expect(asked.length).toBeLessThanOrEqual(3);
  });
});

describe('from sentence to sentence', () => {
  it('an answer keeps its voice when the better one is back, and the next answer begins with the better one', async () => {
    await using bench = await speechBench(2, { firstProbeMs: 10 });
    const [first] = vendorsOf(bench);
    first.manner = (_text, count) => (count === 1 ? { status: 401 } : {});
    const speech = await bench.open();
    const pieces = speech.pieces[Symbol.asyncIterator]();
    speech.write('Alpha bravo charlie delta. ');
    await pieces.next();
    await expect.poll(() => bench.chain.order()[0]?.provider.id).toBe('openai');
    speech.write('Echo foxtrot golf hotel.');
    speech.flush();
    speech.write('India juliette kilo lima.');
    speech.end();
    const heard = await listen({ ...speech, pieces: { [Symbol.asyncIterator]: () => pieces } });
    expect(heard.words).toEqual([...by(1, 'echo foxtrot golf hotel'), ...by(0, 'india juliette kilo lima')]);
  });

  it('nobody waits twice for a provider that hangs: it is away until it answers its check', async () => {
    await using bench = await speechBench(2, { hedgeAfterMs: 100, firstProbeMs: 60_000 });
    const [first] = vendorsOf(bench);
    first.manner = () => ({ lateMs: 5_000 });
    for (let time = 0; time < 4; time += 1) await say(bench, FIRST_SENTENCE);
    expect(first.tellings).toHaveLength(2);
    const labels = 'from="openai",to="elevenlabs"';
    expect(await bench.metric(`eloquence_tts_failovers_total{${labels},reason="late"}`)).toBe(2);
    expect(await bench.metric(`eloquence_tts_failovers_total{${labels},reason="away"}`)).toBe(2);
    expect(bench.chain.summary).toMatch(/^elevenlabs speaks; openai is away: openai was silent for \d+ ms\.$/);
  });
});
