import { describe, expect, it } from 'vitest';
import { listen, say, speechBench } from '../test-support/speech-bench.ts';
import { by, FOUR } from '../test-support/word-tones.ts';

describe('a speech', () => {
  it('speaks all words in order, sentence by sentence, and announces each as it was written', async () => {
    await using bench = await speechBench(1);
    const heard = await say(bench, FOUR);
    expect(heard.words).toEqual(by(0, FOUR));
    expect(heard.sentences.map(({ text }) => text).join('')).toBe(FOUR);
    expect(heard.sentences).toHaveLength(4);
  });

  it('gives the voice what a reader would say, and announces what was written', async () => {
    await using bench = await speechBench(1);
    const text = 'Alpha bravo 06.12.34.56.78 charlie.';
    const { sentences } = await say(bench, text);
    expect(sentences.map((sentence) => sentence.text).join('')).toBe(text);
    expect(bench.vendors[0]?.texts.join(' ')).toBe('Alpha bravo 06 12 34 56 78 charlie.');
  });

  it('begins while the text is still being written, and says when all before a flush has been heard', async () => {
    await using bench = await speechBench(1);
    const speech = await bench.open();
    const pieces = speech.pieces[Symbol.asyncIterator]();
    speech.write('Alpha bravo charlie, delta ec');
    expect((await pieces.next()).value).toMatchObject({ type: 'sentence', text: 'Alpha bravo charlie, ' });
    expect(bench.vendors[0]?.texts).toEqual(['Alpha bravo charlie,']);
    speech.write('ho foxtrot golf');
    speech.flush();
    speech.write('Hotel india.');
    speech.end();
    const heard = await listen({ ...speech, pieces: { [Symbol.asyncIterator]: () => pieces } });
    expect(heard.sentences.map(({ text }) => text)).toEqual(['delta echo foxtrot golf', 'Hotel india.']);
    expect(heard.types.filter((type) => type !== 'audio')).toEqual(['sentence', 'flushed', 'sentence']);
  });

  it('asks for the next sentence while one is heard, for no more than two at once, and not before the first is heard', async () => {
    await using bench = await speechBench(1);
    const [vendor] = bench.vendors;
    if (!vendor) throw new Error('no vendor');
    vendor.manner = (_text, count) => ({ gapMs: 20, ...(count === 1 && { lateMs: 100 }) });
    const heard = await say(bench, `${FOUR} ${FOUR}`);
    expect(heard.words).toEqual(by(0, `${FOUR} ${FOUR}`));
    expect(vendor.mostOpen).toBe(2);
    const [first, second, third] = vendor.tellings;
    expect((second?.startedAtMs ?? 0) - (first?.startedAtMs ?? 0)).toBeGreaterThan(100);
    // Four words of 20 ms follow the first sound.
    expect(second?.startedAtMs).toBeLessThan(first?.closedAtMs ?? 0);
    expect(third?.startedAtMs).toBeGreaterThanOrEqual((first?.closedAtMs ?? Infinity) - 5);
  });

  it('makes two sentences ahead of a listener who reads nothing, and no more', async () => {
    await using bench = await speechBench(1);
    const speech = await bench.open();
    speech.write(`${FOUR} ${FOUR}`);
    speech.end();
    const pieces = speech.pieces[Symbol.asyncIterator]();
    await pieces.next();
    await expect.poll(() => bench.vendors[0]?.tellings.filter(({ closedAtMs }) => closedAtMs).length).toBe(3);
    // The fourth is asked for only when the second begins to be heard.
    expect(bench.vendors[0]?.tellings).toHaveLength(3);
    for (;;) if ((await pieces.next()).value?.type === 'sentence') break;
    await expect.poll(() => bench.vendors[0]?.tellings.length).toBe(4);
    speech.close();
  });

  it('refuses more text than may wait, and goes on with what it has', async () => {
    await using bench = await speechBench(1, { limits: { maxWaitingChars: 150 } });
    const speech = await bench.open();
    speech.write(FOUR);
    expect(() => speech.write(FOUR)).toThrow(expect.objectContaining({ code: 'payload_too_large' }));
    speech.end();
    expect((await listen(speech)).words).toEqual(by(0, FOUR));
  });

  it('announces text without a word with the next sentence, or after the last one', async () => {
    await using bench = await speechBench(1);
    const speech = await bench.open();
    speech.write('Alpha bravo charlie delta. ');
    speech.write('<b1/> ');
    speech.write('Echo foxtrot golf hotel. ');
    speech.flush();
    speech.write('<b2/>');
    speech.end();
    const heard = await listen(speech);
    expect(heard.sentences.map(({ text }) => text).join('')).toContain('delta. <b1/> Echo');
    expect(heard.sentences.at(-1)).toMatchObject({ text: '<b2/>', words: [] });
    expect(heard.words).toEqual(by(0, 'alpha bravo charlie delta echo foxtrot golf hotel'));
  });

  it('makes no piece of nothing', async () => {
    await using bench = await speechBench(1);
    expect((await say(bench, ' … ')).types).toEqual([]);
    expect(bench.vendors[0]?.requests).toHaveLength(0);
  });

  it('pauses longer after a sentence than after a clause', async () => {
    await using bench = await speechBench(1);
    const speech = await bench.open();
    speech.write('Alpha bravo charlie delta, echo foxtrot golf hotel. ');
    speech.end();
    const lengths: number[] = [];
    for await (const piece of speech.pieces)
      if (piece.type === 'sentence') lengths.push(0);
      else if (piece.type === 'audio') lengths.push((lengths.pop() ?? 0) + piece.samples.length / 24);
    // Four words of 100 ms each, the last 20 ms of them silent.
    expect(lengths).toHaveLength(2);
    expect((lengths[1] ?? 0) - (lengths[0] ?? 0)).toBeGreaterThan(100);
  });
});

describe('a speech that ends early', () => {
  it.each(['close', 'abort'] as const)('closes all sockets at once on %s, and counts it as aborted', async (how) => {
    await using bench = await speechBench(1);
    const [vendor] = bench.vendors;
    if (!vendor) throw new Error('no vendor');
    vendor.manner = () => ({ gapMs: 200 });
    const controller = new AbortController();
    const speech = await bench.open({}, controller.signal);
    speech.write(FOUR);
    speech.end();
    const listening = listen(speech);
    const outcome = listening.then(
      () => 'ended',
      (error: unknown) => error,
    );
    await expect.poll(() => vendor.open).toBe(2);
    const reason = new DOMException('hung up', 'AbortError');
    const atMs = performance.now();
    if (how === 'close') speech.close();
    else controller.abort(reason);
    await expect.poll(() => vendor.open, { interval: 1 }).toBe(0);
    for (const { closedAtMs } of vendor.tellings) expect((closedAtMs ?? Infinity) - atMs).toBeLessThan(250);
    expect(await outcome).toBe(how === 'close' ? 'ended' : reason);
    expect(vendor.tellings).toHaveLength(2);
    expect(await bench.metric('eloquence_tts_requests_total{provider="openai",outcome="aborted"}')).toBe(2);
    expect(bench.chain.summary).toBe('openai speaks');
  });

  it('gives its place back, before and after the first sound', async () => {
    await using bench = await speechBench(1, { limits: { maxRunning: 1, maxWaiting: 0 } });
    const [vendor] = bench.vendors;
    if (!vendor) throw new Error('no vendor');
    for (const lateMs of [5_000, 0]) {
      vendor.manner = () => ({ lateMs, gapMs: 1_000 });
      const speech = await bench.open();
      speech.write(FOUR);
      await expect.poll(() => vendor.open).toBe(1);
      await expect(say(bench, FOUR)).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 1 });
      speech.close();
      await expect.poll(() => vendor.open).toBe(0);
    }
    vendor.manner = () => ({});
    expect((await say(bench, FOUR)).words).toEqual(by(0, FOUR));
  });

  it('is cut when its listener leaves sound unread for too long', async () => {
    await using bench = await speechBench(1, { limits: { readTimeoutMs: 500 } });
    const [vendor] = bench.vendors;
    if (!vendor) throw new Error('no vendor');
    vendor.manner = (_text, count) => (count === 2 ? { gapMs: 300 } : {});
    const speech = await bench.open();
    speech.write(FOUR);
    const pieces = speech.pieces[Symbol.asyncIterator]();
    await pieces.next();
    await expect.poll(() => bench.metric('eloquence_tts_requests_total{provider="openai",outcome="aborted"}')).toBe(1);
    await expect(pieces.next()).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('refuses a speech when too many are open', async () => {
    await using bench = await speechBench(1, { limits: { maxSpeeches: 1 } });
    const speech = await bench.open();
    await expect(bench.open()).rejects.toMatchObject({ code: 'overloaded' });
    speech.close();
    (await bench.open()).close();
  });
});
