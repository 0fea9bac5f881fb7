import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { LoudnessMemory } from '../audio/loudness-memory.ts';
import { SpeechCache } from '../cache/speech-cache.ts';
import { VoiceChain } from '../chain/voice-chain.ts';
import { defaultLimits, type SpeechLimits } from '../speech/limits.ts';
import { Speaker } from '../speech/speaker.ts';
import type { Speech, SpeechOptions, SpeechPiece } from '../speech/speech.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { talkingProvider, TalkingVendor } from './talking-vendor.ts';
import { heardWords } from './word-tones.ts';

const IDS = ['openai', 'elevenlabs', 'mistral'] as const;

export interface SpeechBench extends AsyncDisposable {
  readonly vendors: readonly TalkingVendor[];
  readonly chain: VoiceChain;
  readonly speaker: Speaker;
  readonly cache: SpeechCache;
  /** A speech in the coach's French voice, of one tenant, nothing kept unless told otherwise. */
  open(options?: Partial<SpeechOptions>, signal?: AbortSignal): Promise<Speech>;
  /** Value of a metric's line, 0 when there is none. */
  metric(line: string): Promise<number>;
}

/** A speaker in front of so many talking vendors on real sockets: `openai`, `elevenlabs`, `mistral` by name. */
export async function speechBench(
  count: number,
  options: {
    readonly limits?: Partial<SpeechLimits>;
    readonly hedgeAfterMs?: number;
    readonly firstProbeMs?: number;
  } = {},
): Promise<SpeechBench> {
  const vendors: TalkingVendor[] = [];
  for (let voice = 0; voice < count; voice += 1) vendors.push(await new TalkingVendor(voice).listen());
  const logger = createLogger('tts-proxy', 'silent');
  const telemetry = new Telemetry({ processMetrics: false });
  const providers = vendors.map((vendor, at) => talkingProvider(vendor, IDS[at] ?? 'rest', options.hedgeAfterMs));
  const { firstProbeMs } = options;
  const chain = new VoiceChain(providers, { logger, ...(firstProbeMs !== undefined && { firstProbeMs }) });
  const cache = new SpeechCache({ memoryBytes: 10_000_000, telemetry, logger });
  const limits = { ...defaultLimits, ...options.limits };
  const speaker = new Speaker({ chain, cache, telemetry, logger, loudness: new LoudnessMemory(), limits });
  const voice = resolveVoice(builtinMap, 'coach-fr');
  return {
    vendors,
    chain,
    speaker,
    cache,
    open: (wanted = {}, signal = new AbortController().signal) =>
      speaker.open({ voice, speed: 1, cache: 'none', tenant: 'somebody', ...wanted }, signal),
    metric: async (line) => {
      const text = await telemetry.registry.metrics();
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length) ?? 0,
      );
    },
    async [Symbol.asyncDispose]() {
      await chain.close();
      await cache.close();
      for (const vendor of vendors) await vendor[Symbol.asyncDispose]();
    },
  };
}

/** What a listener got: sentence by sentence what was announced, who spoke, and which words are in the sound. */
export interface Heard {
  readonly sentences: { text: string; engine: string; cached: boolean; words: string[] }[];
  /** All words in order. */
  readonly words: string[];
  readonly types: SpeechPiece['type'][];
  /** Of the first sound, since the listening began, ms. */
  readonly firstMs: number;
}

export async function listen(speech: Speech): Promise<Heard> {
  const startMs = performance.now();
  let firstMs = Number.NaN;
  const types: SpeechPiece['type'][] = [];
  const sentences: { text: string; engine: string; cached: boolean; sound: number[] }[] = [];
  for await (const piece of speech.pieces) {
    types.push(piece.type);
    if (piece.type === 'sentence')
      sentences.push({ text: piece.text, engine: piece.engine.id, cached: piece.cached, sound: [] });
    if (piece.type !== 'audio') continue;
    if (Number.isNaN(firstMs)) firstMs = performance.now() - startMs;
    for (const sample of piece.samples) sentences.at(-1)?.sound.push(sample);
  }
  const heard = sentences.map(({ sound, ...about }) => ({ ...about, words: heardWords(Int16Array.from(sound)) }));
  return { sentences: heard, words: heard.flatMap(({ words }) => words), types, firstMs };
}

/** Says a text from beginning to end. */
export async function say(bench: SpeechBench, text: string, options?: Partial<SpeechOptions>): Promise<Heard> {
  const speech = await bench.open(options);
  speech.write(text);
  speech.end();
  return listen(speech);
}
