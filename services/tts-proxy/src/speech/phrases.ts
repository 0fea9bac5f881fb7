import { TTS_SAMPLE_RATE_HZ, type CacheScope } from '@eloquence/shared/contracts/tts';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { levelWhole } from '../audio/level-whole.ts';
import { phraseKey } from '../cache/phrase-key.ts';
import { SharedStream, SharedStreams, type SharedStreamOptions } from '../cache/shared-stream.ts';
import type { SpeechCache } from '../cache/speech-cache.ts';
import type { Member } from '../chain/voice-chain.ts';
import type { Utterance } from '../providers/provider.ts';
import { NORMALISER_VERSION } from '../text/spoken-text.ts';
import { Demand, render, type RendererDeps, type RenderingEvent, type RenderingOptions } from './rendering.ts';

/** Sound of a sentence nobody shares that waits between its provider and its listener. */
const PRIVATE_SAMPLES = TTS_SAMPLE_RATE_HZ;
/** The same where later listeners may join: the longest phrase that is kept. */
const SHARED_SAMPLES = 60 * TTS_SAMPLE_RATE_HZ;
/** A kept phrase is given out in pieces of this size, so that a listener who interrupts is heard soon. */
const PIECE_SAMPLES = TTS_SAMPLE_RATE_HZ / 2;

export interface PhraseRequest extends Omit<RenderingOptions, 'demand'> {
  readonly scope: CacheScope;
  readonly tenant: string;
  /** Whose kept copies will do, best first. */
  readonly copiesOf: () => readonly Member[];
}

/** A making, and what its listeners need of it. */
type Making = SharedStreamOptions<RenderingEvent> & { readonly demand: Demand };

/**
 * Sentences by what they say: a kept copy where there is one, one making for all who want the same now, and what was made whole
 * is kept if its speech allows it. A making ends as soon as its last listener leaves: what nobody listens to is not paid for.
 */
export class Phrases {
  readonly #deps: RendererDeps & { readonly cache?: SpeechCache | undefined };
  readonly #streams = new SharedStreams<RenderingEvent, Making>();

  constructor(deps: RendererDeps & { readonly cache?: SpeechCache | undefined; readonly telemetry: Telemetry }) {
    this.#deps = deps;
  }

  /** @param attach see `SentenceSource` */
  async *open(
    request: PhraseRequest,
    attach: (demand: Demand) => void,
    signal: AbortSignal,
  ): AsyncGenerator<RenderingEvent> {
    const kept = await this.#find(request);
    if (!kept) return yield* this.#make(request, attach, signal);
    yield { type: 'voice', member: kept.member };
    for (let at = 0; at < kept.samples.length; at += PIECE_SAMPLES)
      yield { type: 'audio', samples: kept.samples.subarray(at, at + PIECE_SAMPLES) };
  }

  async #find({ copiesOf, utterance, tenant }: PhraseRequest) {
    const { cache } = this.#deps;
    if (!cache) return undefined;
    for (const member of copiesOf()) {
      const samples = await cache.get(keyOf(utterance, member), tenant);
      if (!samples) continue;
      this.#count('hit');
      return { member, samples };
    }
    return undefined;
  }

  #make(
    request: PhraseRequest,
    attach: (demand: Demand) => void,
    signal: AbortSignal,
  ): AsyncIterableIterator<RenderingEvent> {
    const { cache } = this.#deps;
    const { scope, tenant, utterance } = request;
    const demand = new Demand();
    const [first] = request.order(new Set());
    const id = first && cache?.flightId(keyOf(utterance, first), { scope, tenant });
    const options: Making = {
      demand,
      open: (making) => render(this.#deps, { ...request, demand }, making),
      sizeOf: (event) => (event.type === 'audio' ? event.samples.length : 0),
      maxSize: id ? SHARED_SAMPLES : PRIVATE_SAMPLES,
      whenUnread: 'abort',
      restarts: ({ type }) => type === 'broken',
      onComplete: (events) => this.#keep(request, events),
    };
    if (!id) {
      this.#count('miss');
      attach(demand);
      return new SharedStream(options).read(signal);
    }
    const joined = this.#streams.join(id, options, signal);
    this.#count(joined.shared ? 'shared' : 'miss');
    attach(joined.options.demand);
    return joined.items;
  }

  /** Once for every sentence. */
  #count(outcome: 'hit' | 'miss' | 'shared'): void {
    this.#deps.telemetry.count('eloquence_tts_cache_total', { outcome });
  }

  #keep({ utterance, scope, tenant }: PhraseRequest, events: readonly RenderingEvent[]): void {
    const begunAt = events.findLastIndex(({ type }) => type !== 'audio');
    // Also passes over what ends uncertain.
    const voice = events[begunAt];
    if (scope === 'none' || voice?.type !== 'voice') return;
    const pieces = events.slice(begunAt + 1).flatMap((event) => (event.type === 'audio' ? [event.samples] : []));
    const samples = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      samples.set(piece, at);
      at += piece.length;
    }
    const key = keyOf(utterance, voice.member);
    const keep = (sound: Int16Array) => this.#deps.cache?.put(key, sound, { scope, tenant });
    // At once, or the next who asks would have it made again; better a moment later, if it can be.
    keep(samples);
    void levelWhole(samples).then((levelled) => (levelled === samples ? undefined : keep(levelled)));
  }
}

function keyOf(utterance: Utterance, { provider }: Member): string {
  const identity = provider.identity(utterance.voice);
  return phraseKey({ utterance, provider: { id: provider.id, identity }, normaliserVersion: NORMALISER_VERSION });
}
