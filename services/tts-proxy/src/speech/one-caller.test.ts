import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { describe, expect, it } from 'vitest';
import { LoudnessMemory } from '../audio/loudness-memory.ts';
import { SpeechCache } from '../cache/speech-cache.ts';
import { VoiceChain } from '../chain/voice-chain.ts';
import type { SpeechProvider, Utterance } from '../providers/provider.ts';
import { listen, say, speechBench } from '../test-support/speech-bench.ts';
import { humming } from '../test-support/test-sounds.ts';
import { by, FOUR, LONG } from '../test-support/word-tones.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { defaultLimits } from './limits.ts';
import { Phrases, type PhraseRequest } from './phrases.ts';
import { Speaker } from './speaker.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const voice = resolveVoice(builtinMap, 'coach-fr');
const logger = createLogger('tts-proxy', 'silent');
const ECHO = 'Echo foxtrot golf hotel.';

function depsOf(speak: SpeechProvider['speak']) {
  const engine = { id: 'e', label: 'e', label_fr: 'e', demo: false };
  const provider: SpeechProvider = { id: 'openai', engine, identity: () => 'e', check: async () => undefined, speak };
  const telemetry = new Telemetry({ processMetrics: false });
  const chain = new VoiceChain([provider], { logger });
  return { chain, telemetry, logger, loudness: new LoudnessMemory() };
}

const isOf = (word: string) => (text: string) => text.toLowerCase().includes(word);

describe('one caller cannot take the voice from all others', () => {
  it('by not reading: a place is lent while its sound waits, and had back when that is read', async () => {
    const deps = depsOf(async function* ({ text }) {
      const second = humming(1);
      const seconds = text.length > 50 ? 40 : 1;
      for (let made = 0; made < seconds; made += 1) yield second;
    });
    const speaker = new Speaker({ ...deps, limits: { ...defaultLimits, maxRunning: 1, maxWaiting: 1 } });
    const open = (tenant: string) =>
      speaker.open({ voice, speed: 1, cache: 'none', tenant }, new AbortController().signal);
    const unread = await open('a');
    unread.write('un mot et un autre mot et encore un autre mot et puis un dernier mot. ');
    unread.end();
    const pieces = unread.pieces[Symbol.asyncIterator]();
    await pieces.next();
    const other = await open('b');
    other.write('Bonjour à vous. ');
    other.end();
    expect((await listen(other)).types).toContain('audio');
    let samples = 0;
    for (let next = await pieces.next(); !next.done; next = await pieces.next())
      if (next.value.type === 'audio') samples += next.value.samples.length;
    expect(samples / 24_000).toBeGreaterThan(38);
  });

  it.each([400, 403, 413, 422])('by a text that a vendor refuses (%i)', async (status) => {
    await using bench = await speechBench(2, { firstProbeMs: 60_000 });
    const [first] = bench.vendors;
    if (!first) throw new Error('no vendor');
    await say(bench, ECHO);
    first.manner = (text) => (isOf('alpha')(text) ? { status } : {});
    for (let time = 0; time < 3; time += 1) {
      expect((await say(bench, `Alpha ${'bravo '.repeat(time)}.`)).sentences[0]?.engine).toBe('elevenlabs');
      expect((await say(bench, ECHO)).words).toEqual(by(0, ECHO));
    }
    expect(bench.chain.summary).toBe('openai speaks; spare: elevenlabs');
  });

  it('but a vendor that has never spoken and refuses all texts is away, with the settings to check', async () => {
    await using bench = await speechBench(2, { firstProbeMs: 60_000 });
    const [first] = bench.vendors;
    if (!first) throw new Error('no vendor');
    first.manner = () => ({ status: 400 });
    expect((await say(bench, FOUR)).words).toEqual(by(1, FOUR));
    await say(bench, ECHO);
    expect(bench.chain.summary).toMatch(/^elevenlabs speaks; openai is away: .*OPENAI_TTS_MODEL/);
  });
});

describe('a sentence nobody can speak', () => {
  it.each([
    ['makes no sound', { silent: true }],
    ['is refused', { status: 422 }],
  ] as const)('that %s is told of and skipped, the rest is heard, and no provider is blamed', async (_what, manner) => {
    await using bench = await speechBench(2);
    for (const vendor of bench.vendors) vendor.manner = (text) => (isOf('echo')(text) ? manner : {});
    const heard = await say(bench, FOUR);
    expect(heard.sentences.map(({ text }) => text).join('')).toBe(FOUR);
    expect(heard.words).toEqual(by(0, FOUR.replace(ECHO, '')));
    expect(heard.types.filter((type) => type === 'broken')).toHaveLength(1);
    expect(bench.chain.summary).toBe('openai speaks; spare: elevenlabs');
  });

  it('at the beginning is told of when the next one is heard', async () => {
    await using bench = await speechBench(1);
    const [vendor] = bench.vendors;
    if (!vendor) throw new Error('no vendor');
    vendor.manner = (text) => (isOf('alpha')(text) ? { silent: true } : {});
    const heard = await say(bench, FOUR);
    expect(heard.types.slice(0, 3)).toEqual(['sentence', 'broken', 'sentence']);
    expect(heard.sentences[0]).toMatchObject({ text: expect.stringContaining('Alpha'), words: [] });
    expect(heard.words).toEqual(by(0, FOUR.replace('Alpha bravo charlie delta.', '')));
  });

  it.each(['end', 'flush'] as const)('fails the speech when there is nothing else before its %s', async (how) => {
    await using bench = await speechBench(2);
    for (const vendor of bench.vendors) vendor.manner = () => ({ silent: true });
    const speech = await bench.open();
    speech.write(`${ECHO} ${FOUR}`);
    speech[how]();
    await expect(listen(speech)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(bench.chain.summary).not.toContain('upstream');
  });

  it('is no outage: when all have failed, the speech fails at once', async () => {
    await using bench = await speechBench(1);
    const [vendor] = bench.vendors;
    if (!vendor) throw new Error('no vendor');
    vendor.manner = (text) => (isOf('echo')(text) ? { status: 500 } : {});
    await expect(say(bench, FOUR)).rejects.toMatchObject({ code: 'upstream_failed' });
  });
});

describe('what was shared', () => {
  it('is heard by a late joiner from where it was begun again, without the break that nobody heard', async () => {
    await using bench = await speechBench(2);
    const [first, second] = bench.vendors;
    if (!first || !second) throw new Error('two vendors are needed');
    const gap = { gapMs: 150 };
    first.manner = (text) => (isOf('echo')(text) ? { fault: { type: 'cut', after: 3 } } : {});
    second.manner = () => gap;
    const speech = await bench.open({ cache: 'public' });
    speech.write(`${LONG} ${LONG} ${ECHO}`);
    speech.end();
    const listening = listen(speech);
    await expect.poll(() => second.texts.some(isOf('echo'))).toBe(true);
    const joined = await say(bench, ECHO, { cache: 'public' });
    expect(joined.types).not.toContain('broken');
    expect(joined.words).toEqual(by(1, ECHO));
    expect((await listening).types).not.toContain('broken');
    expect(await bench.metric('eloquence_tts_cache_total{outcome="shared"}')).toBeGreaterThan(0);
  });

  it('leaves nothing of its text in memory, kept phrases aside', async () => {
    const deps = depsOf(async function* () {
      yield humming(1);
    });
    const cache = new SpeechCache({ memoryBytes: 0, telemetry: deps.telemetry, logger });
    const phrases = new Phrases({ ...deps, cache, limits: defaultLimits });
    async function speak(): Promise<WeakRef<Utterance>> {
      const utterance: Utterance = { text: 'Mon secret est le suivant.', voice, speed: 1 };
      const request: PhraseRequest = {
        utterance,
        scope: 'tenant',
        tenant: 'a',
        copiesOf: () => [],
        order: () => deps.chain.members,
        enter: async () => () => undefined,
        tryEnter: () => undefined,
        admit: async () => () => undefined,
      };
      // Nobody ever waits for it: its demand is never resolved.
      for await (const event of phrases.open(request, () => undefined, new AbortController().signal))
        expect(event.type).not.toBe('broken');
      return new WeakRef(utterance);
    }
    const spoken = await speak();
    await expect
      .poll(() => {
        collectGarbage();
        return spoken.deref() === undefined;
      })
      .toBe(true);
    await cache.close();
  });
});
