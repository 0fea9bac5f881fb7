import { AppError } from '@eloquence/shared/runtime/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SpeechProvider } from '../providers/provider.ts';
import type { ProviderId } from '../voices/voice.ts';
import { FirstSounds } from './first-sounds.ts';
import { hedgeAfterMs, VoiceChain } from './voice-chain.ts';

const refused = new AppError('upstream_rejected', 'OpenAI speech refused the key (401). Check OPENAI_API_KEY.');
const limited = new AppError('rate_limited', 'OpenAI speech takes no more requests for 1 s.', { retryAfterS: 1 });

/** A provider that answers its check as the test wants it. */
function provider(id: ProviderId, check: () => Promise<void> = async () => undefined): SpeechProvider {
  const engine = { id, label: id, label_fr: id, demo: false };
  return { id, engine, identity: () => id, check, speak: () => (async function* () {})() };
}

function chainOf(...providers: SpeechProvider[]) {
  const chain = new VoiceChain(providers, { logger: createLogger('tts-proxy', 'silent'), firstProbeMs: 10 });
  onTestFinished(() => chain.close());
  const ids = (...wanted: Parameters<VoiceChain['order']>) => chain.order(...wanted).map(({ provider: { id } }) => id);
  const [first, second, third] = chain.members;
  return { chain, ids, first, second, third };
}

describe('VoiceChain', () => {
  it('says who speaks, who could, and why not the one who should', () => {
    const { chain, first, second, third } = chainOf(provider('openai'), provider('elevenlabs'), provider('espeak'));
    expect(chain.summary).toBe('openai speaks; spare: elevenlabs, espeak');
    expect(chain.engine()?.fault).toBeUndefined();
    first?.health.failed(refused);
    expect(chain.summary).toBe(`elevenlabs speaks; spare: espeak; openai is away: ${refused.message}`);
    expect(chain.engine()).toMatchObject({ id: 'elevenlabs', fault: `openai is away: ${refused.message}` });
    second?.health.failed(refused);
    third?.health.failed(refused);
    expect(() => chain.summary).toThrow(/^openai is away: .*; elevenlabs is away: .*; espeak is away: /);
    expect(chain.engine()).toBeUndefined();
  });

  it('without providers says how to get a voice', () => {
    expect(() => chainOf().chain.summary).toThrow(/apt-get install espeak-ng/);
  });

  it('asks those who are well in order of preference, the voice of the sentence before first, and all when none is well', () => {
    const { ids, first, second, third } = chainOf(provider('openai'), provider('elevenlabs'), provider('espeak'));
    expect(ids()).toEqual(['openai', 'elevenlabs', 'espeak']);
    expect(ids({ last: second })).toEqual(['elevenlabs', 'openai', 'espeak']);
    first?.health.failed(refused);
    expect(ids({ last: first })).toEqual(['elevenlabs', 'espeak']);
    expect(ids({ last: second, avoid: new Set([second as never]) })).toEqual(['espeak']);
    second?.health.failed(refused);
    third?.health.failed(refused);
    expect(ids()).toEqual(['openai', 'elevenlabs', 'espeak']);
  });

  it('knows a wrong key before anybody has spoken, and asks again in the background until it is mended', async () => {
    let error: AppError | undefined = refused;
    const check = async () => {
      if (error) throw error;
    };
    const { chain, ids } = chainOf(provider('openai', check), provider('espeak'));
    await chain.check();
    expect(chain.summary).toBe(`espeak speaks; openai is away: ${refused.message}`);
    expect(ids()).toEqual(['espeak']);
    error = undefined;
    await expect.poll(() => ids()).toEqual(['openai', 'espeak']);
  });

  it('a provider that cannot be reached when it is checked is away at once', async () => {
    const unreachable = new AppError('upstream_failed', 'It cannot be reached. Check TTS_REST_URL.');
    const { chain, ids } = chainOf(
      provider('rest', () => Promise.reject(unreachable)),
      provider('espeak'),
    );
    await chain.check();
    expect(ids()).toEqual(['espeak']);
    expect(chain.summary).toContain('Check TTS_REST_URL');
  });

  it('leaves a provider that limits us alone for as long as it asked', async () => {
    const { ids, first } = chainOf(provider('openai'), provider('espeak'));
    const startMs = performance.now();
    first?.health.failed(limited);
    expect(ids()).toEqual(['espeak']);
    await expect.poll(() => ids()[0], { timeout: 3_000 }).toBe('openai');
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });
});

function hedgeOf(setMs: number | undefined, latestMs: readonly number[]): number {
  const { first } = chainOf({ ...provider('openai'), ...(setMs !== undefined && { hedgeAfterMs: setMs }) });
  if (!first) throw new Error('no member');
  for (const ms of latestMs) first.firstSounds.learn(ms);
  return hedgeAfterMs(first);
}

describe('a provider on trial', () => {
  it('is nobody else’s while somebody tries it, unless it is the only one; it speaks as far as is known', async () => {
    const alone = chainOf(provider('openai'));
    const { ids, first } = chainOf(provider('openai'), provider('espeak'));
    for (const member of [first, alone.first]) {
      member?.health.failed(new AppError('unavailable', 'It cannot be reached.'));
      await expect.poll(() => member?.health.able).toBe(true);
      member?.health.entered();
    }
    expect(ids()).toEqual(['espeak']);
    expect(alone.ids()).toEqual(['openai']);
    expect(alone.chain.summary).toBe('openai speaks');
  });

  it('after it refused the key is not said to speak, though its list is open, until it has spoken', async () => {
    const alone = chainOf(provider('openai'));
    const both = chainOf(provider('openai'), provider('espeak'));
    const why = `openai is on trial: ${refused.message}`;
    for (const [{ chain, first }, speaks] of [
      [alone, ''],
      [both, 'espeak speaks; '],
    ] as const) {
      first?.health.failed(refused);
      await expect.poll(() => first?.health.able).toBe(true);
      expect(chain.summary).toBe(`${speaks}${why}`);
      expect(chain.engine()?.fault).toBe(why);
      first?.health.entered();
      first?.health.succeeded();
      expect(chain.summary).toMatch(/^openai speaks(?:; spare: espeak)?$/);
      expect(chain.engine()).toEqual({ id: 'openai', label: 'openai', label_fr: 'openai', demo: false });
    }
  });
});

describe('hedgeAfterMs', () => {
  it.each([
    ['the setting, for one that is quicker', [400, 100, 120, 90], 400],
    ['a usual time, when nothing is set or known', [undefined], 400],
    ['twice the usual time, for one that is slower', [400, 300, 310, 320], 620],
    ['no more than a listener takes for a dropped call', [400, 3_000], 1_500],
    ['a setting that is longer than that', [5_000, 9_000], 5_000],
    ['a usual time that one slow answer does not move', [400, 100, 100, 9_000], 400],
  ] as const)('is %s', (_what, [setMs, ...latestMs], expected) => {
    expect(hedgeOf(setMs, latestMs)).toBe(expected);
  });
});

describe('FirstSounds', () => {
  it('forgets what is long ago', () => {
    const sounds = new FirstSounds();
    for (let time = 0; time < 20; time += 1) sounds.learn(time < 5 ? 5_000 : 100);
    expect(sounds.medianMs).toBe(100);
  });
});
