import type { IncomingMessage } from 'node:http';
import { problemSchema, type ErrorCode } from '@eloquence/shared/contracts/errors';
import {
  listenMessageSchema,
  STT_SAMPLE_RATE_HZ,
  type ListenMessage,
  type ListenResults,
} from '@eloquence/shared/contracts/stt';
import type { Word } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import { WebSocket, type RawData } from 'ws';
import { AudioRing } from './audio-ring.ts';
import { SampleClock, type StreamClock } from './sample-clock.ts';

/** Audio kept for a new connection: longer than a restart of the gateway, short enough that its answer still matters. */
const RING_SECONDS = 10;
/** How long the gateway may be away before the person is told. */
const OUTAGE_MS = 3_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** A half-open link is only noticed by a ping that gets no answer. */
const PING_EVERY_MS = 5_000;
/** How long a closing stream waits for its last words. */
const DRAIN_MS = 1_500;
/** How often audio is sent again because the gateway could not transcribe it; then it is lost. */
const MAX_TRIES = 3;
/** A refusal is a problem body of some hundred bytes. */
const MAX_REFUSAL_BYTES = 16_384;
const UNSUPPORTED: ErrorCode = 'unsupported_language';

/** A piece of transcribed speech. */
export interface Transcript {
  readonly text: string;
  readonly isFinal: boolean;
  /** ms since epoch, by the arrival of the samples. */
  readonly startMs: number;
  readonly endMs: number;
  /** Seconds since the first sample of this stream, as agents-js wants them. */
  readonly startS: number;
  readonly endS: number;
  /** ms since epoch. */
  readonly words: readonly Word[];
  readonly confidence: number;
}

export interface GatewayLinkOptions {
  readonly url: URL;
  readonly key: string;
  readonly logger: Logger;
  readonly onTranscript: (transcript: Transcript) => void;
  /** The gateway has been away for {@link OUTAGE_MS}; once per outage. */
  readonly onOutage: () => void;
  /** The gateway does not understand the language, and asking again would not help: the link has ended itself. */
  readonly onUnsupported: () => void;
  /** For minutes, where every sample has to be accounted for. */
  readonly account?: LinkAccount;
}

/** What a link does for somebody who has to know of every sample whether it was transcribed. Samples count from 0. */
export interface LinkAccount {
  /** Turns samples into times. */
  readonly clock: StreamClock;
  /** Audio without a final text that is kept, seconds; `drop-oldest`, and what is dropped unheard is told by `onLost`. */
  readonly ringSeconds: number;
  /** How long a closing stream waits for its last words, ms. */
  readonly drainMs: number;
  /** Pings in a row that may go unanswered: a gateway at its limit stops reading for a while. */
  readonly missedPings: number;
  /** Everything before this sample is transcribed: its final text was told before, or there was none. */
  readonly onAcknowledged: (sample: number) => void;
  /** The gateway could not be given these samples in time, or could not transcribe them. */
  readonly onLost: (fromSample: number, toSample: number) => void;
}

type State =
  | { readonly is: 'connecting'; readonly socket?: WebSocket }
  | { readonly is: 'open'; readonly socket: WebSocket; readonly baseSample: number }
  | { readonly is: 'closed' };

/**
 * One stream of speech to stt-gateway's Deepgram-shaped socket. It opens a new connection whenever one is lost, for as long
 * as the stream lasts, and sends the audio again that no final text covers yet, so that words said meanwhile are not lost.
 */
export class GatewayLink {
  readonly #options: GatewayLinkOptions;
  readonly #ring: AudioRing;
  readonly #clock: StreamClock;
  readonly #maxBufferedBytes: number;
  readonly #closing = new AbortController();
  #state: State = { is: 'connecting' };
  #missedPings = 0;
  #sentSincePing = false;
  /** Everything before it is transcribed, or lost and told. */
  #settled = 0;
  /** Ends of the audio at each Finalize of this connection that has no answer yet. */
  #finalizing: number[] = [];
  #failing = { sample: -1, tries: 0 };

  constructor(options: GatewayLinkOptions) {
    this.#options = options;
    const { ringSeconds = RING_SECONDS, clock = new SampleClock(STT_SAMPLE_RATE_HZ) } = options.account ?? {};
    this.#ring = new AudioRing(ringSeconds * STT_SAMPLE_RATE_HZ);
    this.#clock = clock;
    // A link with so much unsent is stuck and is opened anew. Twice, as a new connection gets the ring at once.
    this.#maxBufferedBytes = 2 * ringSeconds * STT_SAMPLE_RATE_HZ * 2;
  }

  /** Whether a Finalize waits for its answer. */
  get isFinalizing(): boolean {
    return this.#finalizing.length > 0;
  }

  /** Seconds of audio taken so far. */
  get audioSeconds(): number {
    return this.#clock.samples / STT_SAMPLE_RATE_HZ;
  }

  /** Takes 16 kHz s16le mono samples; never blocks, never throws. */
  push(pcm: Buffer, nowMs: number = Date.now()): void {
    this.#clock.push(pcm.length / 2, nowMs);
    this.#ring.push(pcm);
    if (this.#state.is !== 'open') return;
    const { socket } = this.#state;
    if (socket.bufferedAmount > this.#maxBufferedBytes) return socket.terminate();
    socket.send(pcm);
    this.#sentSincePing = true;
  }

  /** Asks for the final text of what was said so far. */
  finalize(): void {
    if (this.#state.is !== 'open') return;
    this.#finalizing.push(this.#clock.samples);
    this.#state.socket.send('{"type":"Finalize"}');
  }

  /** Keeps a connection open until {@link close}; resolves then. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const outage = setTimeout(() => {
        this.#options.logger.warn('stt-gateway is away');
        this.#options.onOutage();
      }, OUTAGE_MS);
      try {
        // Attempts during one outage share its timer.
        for (let served = false; !served && !this.#closing.signal.aborted;) {
          served = await this.#serve(() => clearTimeout(outage));
          failures = served ? 0 : failures + 1;
          await delay(retryDelayMs(reconnectPolicy, Math.max(1, failures)), this.#closing.signal).catch(() => {});
        }
      } finally {
        clearTimeout(outage);
      }
    }
  }

  /** Ends the stream: waits a moment for its last words, then closes. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return this.#lose(this.#clock.samples);
    if (this.#state.is === 'connecting') this.#state.socket?.terminate();
    if (this.#state.is === 'open') {
      const { socket } = this.#state;
      const ended = new Promise((resolve) => socket.once('close', resolve));
      socket.send('{"type":"CloseStream"}');
      this.#closing.abort();
      const drainMs = this.#options.account?.drainMs ?? DRAIN_MS;
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
      socket.terminate();
    }
    this.#closing.abort();
    this.#state = { is: 'closed' };
    this.#lose(this.#clock.samples);
  }

  /** One connection, from dialling to its end. @returns whether it was open at all */
  #serve(onOpen: () => void): Promise<boolean> {
    const { url, key, logger } = this.#options;
    const socket = new WebSocket(url, {
      headers: { authorization: `Token ${key}` },
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      perMessageDeflate: false,
      maxPayload: 1_048_576,
    });
    this.#state = { is: 'connecting', socket };
    return new Promise((resolve) => {
      let opened = false;
      const pinging = setInterval(() => this.#ping(socket), PING_EVERY_MS);
      socket.on('open', () => {
        opened = true;
        onOpen();
        this.#begin(socket);
      });
      socket.on('unexpected-response', (_request, response) => {
        void this.#readRefusal(response).finally(() => socket.terminate());
      });
      socket.on('pong', () => {
        this.#missedPings = 0;
      });
      socket.on('message', (data, isBinary) => {
        if (!isBinary) this.#read(data);
      });
      socket.on('error', (error) => logger.debug({ err: error }, 'stt-gateway socket failed'));
      socket.on('close', (code) => {
        clearInterval(pinging);
        if (this.#state.is !== 'closed') this.#state = { is: 'connecting' };
        // Of an outage its beginning is worth a line, not every attempt to end it.
        if (opened && !this.#closing.signal.aborted) logger.info({ code }, 'stt-gateway connection lost');
        resolve(opened);
      });
    });
  }

  async #readRefusal(response: IncomingMessage): Promise<void> {
    if ((await codeOfRefusal(response)) === UNSUPPORTED) this.#giveUp();
  }

  #giveUp(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    if (this.#state.is === 'open') this.#state.socket.terminate();
    this.#state = { is: 'closed' };
    this.#options.logger.warn('stt-gateway does not understand the language of this session');
    this.#options.onUnsupported();
  }

  #begin(socket: WebSocket): void {
    if (this.#closing.signal.aborted) return socket.terminate();
    const { start, pieces } = this.#ring.held();
    this.#missedPings = 0;
    this.#finalizing = [];
    this.#lose(start);
    this.#state = { is: 'open', socket, baseSample: start };
    for (const piece of pieces) socket.send(piece);
  }

  #ping(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (this.#missedPings >= (this.#options.account?.missedPings ?? 1)) return socket.terminate();
    this.#missedPings += 1;
    socket.ping();
    // Silence from a muted microphone would end the gateway's patience.
    if (!this.#sentSincePing) socket.send('{"type":"KeepAlive"}');
    this.#sentSincePing = false;
  }

  #read(data: RawData): void {
    if (this.#state.is !== 'open') return;
    const message = parseMessage(data);
    switch (message?.type) {
      case 'Error':
        return this.#fail(message);
      case 'Results': {
        const end = this.#sampleAt(message.start + message.duration);
        const transcript = this.#toTranscript(message, end);
        if (transcript) this.#options.onTranscript(transcript);
        if (!message.is_final) return;
        // Finals come in the order of speech, so the answer to a Finalize is about everything before it.
        const asked = message.from_finalize ? this.#finalizing.shift() : undefined;
        return this.#acknowledge(Math.max(end, asked ?? 0));
      }
      case 'Metadata':
        // The last message of a stream that was asked to end.
        if (this.#closing.signal.aborted) this.#acknowledge(this.#clock.samples);
        return;
      default:
    }
  }

  #acknowledge(sample: number): void {
    this.#ring.acknowledge(sample);
    if (sample <= this.#settled) return;
    this.#settled = Math.min(sample, this.#clock.samples);
    this.#options.account?.onAcknowledged(this.#settled);
  }

  /** What was not transcribed before `sample` never will be. */
  #lose(sample: number): void {
    if (sample <= this.#settled) return;
    this.#options.account?.onLost(this.#settled, sample);
    this.#settled = sample;
  }

  #fail(error: Extract<ListenMessage, { type: 'Error' }>): void {
    this.#options.logger.warn({ code: error.code, retryable: error.retryable }, 'stt-gateway reported an error');
    if (error.code === UNSUPPORTED) return this.#giveUp();
    const { start, duration } = error;
    if (!this.#options.account || typeof start !== 'number' || typeof duration !== 'number') return;
    // Words were lost there; the ring still has them.
    const from = this.#sampleAt(start);
    const isSame = Math.abs(from - this.#failing.sample) < STT_SAMPLE_RATE_HZ;
    this.#failing = { sample: from, tries: isSame ? this.#failing.tries + 1 : 1 };
    if (this.#failing.tries < MAX_TRIES && this.#state.is === 'open') {
      this.#state.socket.terminate();
      this.#state = { is: 'connecting' };
      return;
    }
    this.#failing = { sample: -1, tries: 0 };
    this.#options.account.onLost(from, this.#sampleAt(start + duration));
  }

  #toTranscript(message: ListenResults, end: number): Transcript | undefined {
    const best = message.channel.alternatives[0];
    if (!best || best.transcript.trim() === '') return undefined;
    const start = this.#sampleAt(message.start);
    const words = best.words.map((word) => ({
      text: word.punctuated_word,
      start_ms: this.#clock.timeOf(this.#sampleAt(word.start)),
      end_ms: this.#clock.timeOf(this.#sampleAt(word.end)),
      confidence: Math.min(1, Math.max(0, word.confidence)),
    }));
    return {
      text: best.transcript.trim(),
      isFinal: message.is_final,
      startMs: words[0]?.start_ms ?? this.#clock.timeOf(start),
      endMs: words.at(-1)?.end_ms ?? this.#clock.timeOf(end),
      startS: start / STT_SAMPLE_RATE_HZ,
      endS: end / STT_SAMPLE_RATE_HZ,
      words,
      confidence: best.confidence,
    };
  }

  /** Sample of this stream at `seconds` of the connection's own clock, which starts with the first sample it was sent. */
  #sampleAt(seconds: number): number {
    const base = this.#state.is === 'open' ? this.#state.baseSample : 0;
    return base + Math.round(seconds * STT_SAMPLE_RATE_HZ);
  }
}

/** The code of a problem body; undefined for any other answer, and for one that breaks off. */
async function codeOfRefusal(response: IncomingMessage): Promise<ErrorCode | undefined> {
  try {
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) {
      body += String(chunk);
      if (body.length > MAX_REFUSAL_BYTES) return undefined;
    }
    return problemSchema.safeParse(JSON.parse(body)).data?.code;
  } catch {
    return undefined;
  }
}

function parseMessage(data: RawData) {
  try {
    // The socket is told nothing about binaryType, so text arrives as one Buffer.
    return listenMessageSchema.safeParse(JSON.parse((data as Buffer).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The socket's address with its options. */
export function listenUrl(
  sttUrl: string,
  options: { readonly language: string; readonly keyterms: readonly string[]; readonly endpointingMs: number },
): URL {
  const url = new URL(`${sttUrl.replace(/^http/, 'ws')}/v1/listen`);
  const { searchParams } = url;
  searchParams.set('encoding', 'linear16');
  searchParams.set('sample_rate', String(STT_SAMPLE_RATE_HZ));
  searchParams.set('channels', '1');
  searchParams.set('interim_results', 'true');
  searchParams.set('vad_events', 'true');
  searchParams.set('endpointing', String(options.endpointingMs));
  searchParams.set('language', options.language);
  for (const keyterm of options.keyterms) searchParams.append('keyterm', keyterm);
  return url;
}
