import { WebSocket } from 'ws';
import * as z from 'zod';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { deepgramQuery } from './deepgram-query.ts';
import { parseJson, retryAfterOf } from './engine-http.ts';
import type { EngineStream, StreamListener, StreamOptions, StreamResult } from './engine.ts';
import { languageCode } from './language-codes.ts';
import { vendorRefusal, type VendorSettings } from './vendor-refusal.ts';

export interface DeepgramStreamLimits {
  /** From the first packet to the upgrade. */
  readonly connectTimeoutMs: number;
  /** Without audio for so long a KeepAlive is sent; Deepgram closes after 10 s without either. */
  readonly keepAliveMs: number;
  /** Audio was sent, and nothing has come back for so long: the stream hangs. Deepgram answers about once a second. */
  readonly silentMs: number;
}

export interface DeepgramStreamOptions {
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly limits: DeepgramStreamLimits;
  readonly settings: VendorSettings;
}

/** Unsent output at which the sender is asked to wait (8 s of audio), and at which it may go on. */
const PRESS_BYTES = 262_144;
const RELEASE_BYTES = 65_536;
/** A replay is sent in frames of 250 ms. */
const FRAME_SAMPLES = STT_SAMPLE_RATE_HZ / 4;
const TICK_MS = 250;
/** Audio less than this may go unanswered: Deepgram decodes by the second. */
const ANSWERED_SAMPLES = 2 * STT_SAMPLE_RATE_HZ;
/** Deepgram takes no less, and measures it between words. */
const MIN_UTTERANCE_END_MS = 1_000;
const MAX_MESSAGE_BYTES = 1_048_576;

const wordSchema = z.looseObject({
  word: z.string(),
  punctuated_word: z.string().optional(),
  start: z.number(),
  end: z.number(),
  confidence: z.number(),
});
/** Only what is acted upon; a message of any other type is passed over. */
const messageSchema = z.union([
  z.looseObject({
    type: z.literal('Results'),
    start: z.number(),
    duration: z.number(),
    is_final: z.boolean().default(false),
    speech_final: z.boolean().default(false),
    from_finalize: z.boolean().default(false),
    channel: z.looseObject({
      alternatives: z.array(
        z.looseObject({
          transcript: z.string(),
          confidence: z.number().default(0),
          languages: z.array(z.string()).optional(),
          words: z.array(wordSchema).default([]),
        }),
      ),
    }),
  }),
  z.looseObject({ type: z.literal('SpeechStarted'), timestamp: z.number() }),
  z.looseObject({ type: z.literal('UtteranceEnd'), last_word_end: z.number() }),
  z.looseObject({ type: z.literal('Metadata') }),
  z.looseObject({ type: z.literal('Error') }),
]);
type Message = z.infer<typeof messageSchema>;
const KNOWN_TYPES = new Set(['Results', 'SpeechStarted', 'UtteranceEnd', 'Metadata', 'Error']);

type State =
  | { readonly type: 'connecting'; readonly waiting: (Buffer | string)[]; bytes: number }
  | { readonly type: 'open' }
  /** CloseStream is sent: what is left comes, then Metadata. */
  | { readonly type: 'finishing' }
  | { readonly type: 'ended' };

/** One `/v1/listen` of Deepgram. Whatever goes wrong ends it; who reopens it knows which audio to send again. */
export class DeepgramStream implements EngineStream {
  readonly #options: DeepgramStreamOptions;
  readonly #listener: StreamListener;
  readonly #socket: WebSocket;
  readonly #ticker: NodeJS.Timeout;
  #state: State = { type: 'connecting', waiting: [], bytes: 0 };
  #finishAsked = false;
  #pressed = false;
  #lastSentMs = performance.now();
  #lastHeardMs = 0;
  /** Samples sent since the last message, and when the first of them went out. */
  #unanswered = 0;
  #unansweredSinceMs = 0;

  constructor(options: DeepgramStreamOptions, stream: StreamOptions, listener: StreamListener) {
    this.#options = options;
    this.#listener = listener;
    const url = `${options.url.replace(/^http/, 'ws')}/v1/listen?${streamQuery(options.model, stream).toString()}`;
    this.#socket = new WebSocket(url, {
      headers: { authorization: `Token ${options.key}` },
      handshakeTimeout: options.limits.connectTimeoutMs,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    this.#socket.on('open', () => this.#opened());
    this.#socket.on('message', (data, binary) => this.#receive(binary ? '' : (data as Buffer).toString('utf8')));
    this.#socket.on('unexpected-response', (_request, response) => {
      response.resume();
      const error = vendorRefusal(options.settings, response.statusCode ?? 0, '');
      this.#end(
        error.code === 'unavailable'
          ? new AppError('unavailable', error.message, { retryAfterS: retryAfterOf(response.headers) })
          : error,
      );
    });
    this.#socket.on('error', (error) => this.#end(this.#away(error)));
    this.#socket.on('close', (code) => this.#closed(code));
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#ticker.unref();
  }

  push(samples: Int16Array): void {
    for (let from = 0; from < samples.length; from += FRAME_SAMPLES) {
      const frame = samples.slice(from, from + FRAME_SAMPLES);
      if (this.#unanswered === 0) this.#unansweredSinceMs = performance.now();
      this.#unanswered += frame.length;
      this.#send(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    }
    this.#updatePressure();
  }

  finalize(): void {
    this.#send(JSON.stringify({ type: 'Finalize' }));
  }

  finish(): void {
    if (this.#finishAsked) return;
    this.#finishAsked = true;
    this.#send(JSON.stringify({ type: 'CloseStream' }));
    if (this.#state.type === 'open') this.#state = { type: 'finishing' };
  }

  close(): void {
    if (this.#state.type === 'ended') return;
    this.#release();
    this.#socket.terminate();
  }

  #opened(): void {
    if (this.#state.type !== 'connecting') return;
    const { waiting } = this.#state;
    this.#state = this.#finishAsked ? { type: 'finishing' } : { type: 'open' };
    this.#unansweredSinceMs = performance.now();
    for (const frame of waiting) this.#write(frame);
    this.#updatePressure();
  }

  #send(frame: Buffer | string): void {
    if (this.#state.type === 'connecting') {
      this.#state.waiting.push(frame);
      this.#state.bytes += frame.length;
    } else if (this.#state.type !== 'ended') this.#write(frame);
  }

  #write(frame: Buffer | string): void {
    this.#lastSentMs = performance.now();
    this.#socket.send(frame, () => this.#updatePressure());
  }

  /** Nothing is dropped here: who speaks is made to wait. */
  #updatePressure(): void {
    if (this.#state.type === 'ended') return;
    const held = this.#state.type === 'connecting' ? this.#state.bytes : this.#socket.bufferedAmount;
    const pressed = held > (this.#pressed ? RELEASE_BYTES : PRESS_BYTES);
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    this.#listener.onPressure(pressed);
  }

  #tick(): void {
    const nowMs = performance.now();
    const { keepAliveMs, silentMs } = this.#options.limits;
    if (this.#state.type === 'open' && nowMs - this.#lastSentMs >= keepAliveMs)
      this.#write(JSON.stringify({ type: 'KeepAlive' }));
    const waits = this.#state.type === 'finishing' || this.#unanswered >= ANSWERED_SAMPLES;
    // A finishing stream is heard from for as long as its last words take.
    const sinceMs =
      this.#state.type === 'finishing' ? Math.max(this.#lastSentMs, this.#lastHeardMs) : this.#unansweredSinceMs;
    if (this.#state.type !== 'connecting' && waits && nowMs - sinceMs >= silentMs)
      this.#end(new AppError('upstream_timeout', `Deepgram did not answer within ${silentMs} ms.`));
  }

  #receive(text: string): void {
    if (this.#state.type === 'ended') return;
    const body = parseJson(text);
    const parsed = messageSchema.safeParse(body);
    this.#unanswered = 0;
    this.#lastHeardMs = performance.now();
    if (parsed.success) this.#act(parsed.data);
    else if (!isOfUnknownType(body))
      this.#end(new AppError('upstream_failed', 'Deepgram sent a message of an unknown shape.'));
  }

  #act(message: Message): void {
    switch (message.type) {
      case 'Results':
        this.#listener.onEvent(resultOf(message));
        return;
      case 'SpeechStarted':
        this.#listener.onEvent({ type: 'started', atS: message.timestamp });
        return;
      case 'UtteranceEnd':
        this.#listener.onEvent({ type: 'utterance_end', lastWordEndS: message.last_word_end });
        return;
      case 'Metadata':
        if (this.#state.type === 'finishing') this.#end();
        return;
      case 'Error':
        this.#end(new AppError('upstream_failed', 'Deepgram reported an error on the stream.'));
    }
  }

  #closed(code: number): void {
    if (this.#state.type === 'finishing' && code === 1000) this.#end();
    else this.#end(this.#away(undefined, ` (closed with ${code})`));
  }

  #away(cause: unknown, detail = ''): AppError {
    return new AppError('unavailable', `Deepgram cannot be reached${detail}.`, { cause, retryAfterS: 1 });
  }

  #end(error?: AppError): void {
    if (this.#state.type === 'ended') return;
    this.#release();
    this.#socket.terminate();
    this.#listener.onEnd(error);
  }

  #release(): void {
    this.#state = { type: 'ended' };
    clearInterval(this.#ticker);
  }
}

function streamQuery(model: string, { language, keyterms, endpointingMs, utteranceEndMs }: StreamOptions) {
  const query = deepgramQuery({ model, language, keyterms });
  query.set('encoding', 'linear16');
  query.set('sample_rate', String(STT_SAMPLE_RATE_HZ));
  query.set('channels', '1');
  // Also for who wants none: utterance ends and what is certain come with them.
  query.set('interim_results', 'true');
  query.set('vad_events', 'true');
  query.set('endpointing', endpointingMs === undefined ? 'false' : String(endpointingMs));
  if (utteranceEndMs !== undefined)
    query.set('utterance_end_ms', String(Math.max(MIN_UTTERANCE_END_MS, utteranceEndMs)));
  return query;
}

function resultOf(message: Extract<Message, { type: 'Results' }>): StreamResult {
  const best = message.channel.alternatives[0];
  return {
    type: 'result',
    startS: message.start,
    endS: message.start + message.duration,
    text: best?.transcript.trim() ?? '',
    words: (best?.words ?? []).map(({ word, punctuated_word: written = word, start, end, confidence }) => ({
      word: written,
      startS: start,
      endS: end,
      probability: confidence,
    })),
    confidence: best?.confidence ?? 0,
    language: languageCode(best?.languages?.[0]),
    final: message.is_final,
    pause: message.speech_final,
    fromFinalize: message.from_finalize,
  };
}

function isOfUnknownType(body: unknown): boolean {
  const type = (body as { type?: unknown } | null | undefined)?.type;
  return typeof type === 'string' && !KNOWN_TYPES.has(type);
}
