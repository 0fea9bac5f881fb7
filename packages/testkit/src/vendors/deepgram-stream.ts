import type { RawData, WebSocket } from 'ws';
import { loadSpec } from '../spec-validator.ts';
import type { VendorMode } from './fake-vendor.ts';
import type { Ear, HeardWord } from './word-ear.ts';

export const REQUEST_ID = '00000000-0000-4000-8000-000000000001';
const RATE_HZ = 16_000;
/** An interim for every so much audio, and a final for what is longer than this and ends in a short quiet. */
const INTERIM_S = 0.5;
const FINAL_S = 2;
const SHORT_QUIET_S = 0.16;
/** Less than this is not worth an answer to Finalize. */
const SIGNIFICANT_S = 0.1;

/** What a stream needs of its vendor. */
export interface FakeDeepgramHost {
  readonly ear: Ear;
  readonly mode: VendorMode;
  readonly idleMs: number;
  note(what: string, faults: readonly string[] | undefined): boolean;
}

/** One socket of the fake: decodes by the half second, ends utterances as its query says. */
export class FakeDeepgramStream {
  readonly query: URLSearchParams;
  /** Control messages received, in order. */
  readonly controls: string[] = [];
  /** Seconds of audio received. */
  durationS = 0;
  closed = false;
  readonly #socket: WebSocket;
  readonly #host: FakeDeepgramHost;
  #pcm = new Int16Array(0);
  /** Seconds of audio that finals cover, and that interims were made of. */
  #finalS = 0;
  #interimS = 0;
  #started = false;
  #lastWordEndS: number | undefined;
  #idle: NodeJS.Timeout;
  #tail: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, query: URLSearchParams, host: FakeDeepgramHost) {
    this.#socket = socket;
    this.query = query;
    this.#host = host;
    this.#idle = setTimeout(() => socket.close(1011, 'NET-0001'), host.idleMs);
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('close', () => {
      this.closed = true;
      clearTimeout(this.#idle);
    });
    socket.on('error', () => undefined);
  }

  /** As a cable that is pulled. */
  cut(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData, binary: boolean): void {
    this.#idle.refresh();
    if (binary) {
      this.#hear(data as Buffer);
      return;
    }
    const message = JSON.parse((data as Buffer).toString('utf8')) as { type: string };
    const schema = `ListenV1_ListenV1${message.type}`;
    this.#host.note(`stream ${message.type}`, loadSpec('deepgram.asyncapi.yml')?.schemaFaults(schema, message));
    this.controls.push(message.type);
    if (message.type === 'Finalize' && this.durationS - this.#finalS >= SIGNIFICANT_S) this.#finalize(true, true);
    else if (message.type === 'CloseStream') this.#close();
  }

  #hear(bytes: Buffer): void {
    const added = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const pcm = new Int16Array(this.#pcm.length + added.length);
    pcm.set(this.#pcm);
    pcm.set(added, this.#pcm.length);
    this.#pcm = pcm;
    this.durationS = pcm.length / RATE_HZ;
    if (this.durationS - this.#interimS >= INTERIM_S) this.#decode();
  }

  #decode(): void {
    this.#interimS = this.durationS;
    const words = this.#words();
    const first = words[0];
    if (first && !this.#started && this.query.get('vad_events') === 'true')
      this.#send('SpeechStarted', { channel: [0], timestamp: first.startS });
    if (first) this.#started = true;
    const quietS = this.durationS - (words.at(-1)?.endS ?? this.#finalS);
    const endpointing = this.query.get('endpointing');
    const pauseS = endpointing === 'false' ? Infinity : Number(endpointing ?? 10) / 1000;
    if (first && quietS >= pauseS) this.#finalize(true, false);
    else if (this.durationS - this.#finalS >= FINAL_S && (!first || quietS >= SHORT_QUIET_S))
      this.#finalize(false, false);
    else if (this.query.get('interim_results') === 'true') this.#results(words, this.durationS, { final: false });
    this.#endUtterance();
  }

  /** Words not yet final. One that may go on is told as it is, and may be told otherwise. */
  #words(): HeardWord[] {
    const from = Math.round(this.#finalS * RATE_HZ);
    return this.#host
      .ear(this.#pcm.subarray(from))
      .map(({ word, startS, endS }) => ({ word, startS: startS + this.#finalS, endS: endS + this.#finalS }));
  }

  #finalize(pause: boolean, fromFinalize: boolean): void {
    const words = this.#words();
    this.#results(words, this.durationS, { final: true, pause, fromFinalize });
    this.#finalS = this.durationS;
    this.#lastWordEndS = words.at(-1)?.endS ?? this.#lastWordEndS;
    if (pause) this.#started = false;
  }

  #endUtterance(): void {
    const afterS = Number(this.query.get('utterance_end_ms') ?? Infinity) / 1000;
    const lastWordEndS = this.#words().length > 0 ? undefined : this.#lastWordEndS;
    if (lastWordEndS === undefined || this.durationS - lastWordEndS < afterS) return;
    this.#lastWordEndS = undefined;
    this.#send('UtteranceEnd', { channel: [0, 1], last_word_end: lastWordEndS });
  }

  #close(): void {
    if (this.durationS > this.#finalS) this.#finalize(true, true);
    const common = { transaction_key: 'deprecated', request_id: REQUEST_ID, sha256: '0'.repeat(64), channels: 1 };
    this.#send('Metadata', { ...common, created: new Date().toISOString(), duration: this.durationS });
    if (this.#host.mode.type !== 'stall') this.#tail = this.#tail.then(() => this.#socket.close(1000));
  }

  #results(
    words: readonly HeardWord[],
    endS: number,
    flags: { readonly final: boolean; readonly pause?: boolean; readonly fromFinalize?: boolean },
  ): void {
    const alternative = {
      transcript: words.map(({ word }) => word).join(' '),
      confidence: words.length > 0 ? 0.95 : 0,
      ...(this.query.get('language') === 'multi' && { languages: ['fr'] }),
      words: words.map(({ word, startS, endS: end }) => ({
        word: word.toLowerCase(),
        punctuated_word: word,
        start: startS,
        end,
        confidence: 0.95,
      })),
    };
    this.#send('Results', {
      channel_index: [0, 1],
      start: this.#finalS,
      duration: endS - this.#finalS,
      is_final: flags.final,
      speech_final: flags.pause ?? false,
      from_finalize: flags.fromFinalize ?? false,
      channel: { alternatives: [alternative] },
      metadata: {
        request_id: REQUEST_ID,
        model_info: { name: 'nova-3', version: '1', arch: 'nova-3' },
        model_uuid: REQUEST_ID,
      },
    });
  }

  #send(type: string, members: Record<string, unknown>): void {
    const { mode } = this.#host;
    const message = { type, ...members };
    this.#host.note(
      `stream ${type}`,
      loadSpec('deepgram.asyncapi.yml')?.schemaFaults(`ListenV1_ListenV1${type}`, message),
    );
    if (mode.type === 'stall') return;
    if (mode.type === 'cut') {
      this.cut();
      return;
    }
    const text = mode.type === 'garbage' ? '{"type": "Results", "never": closed' : JSON.stringify(message);
    const delayMs = mode.type === 'slow' ? mode.delayMs : 0;
    const due = new Promise<void>((resolve) => {
      if (delayMs > 0) setTimeout(resolve, delayMs);
      else resolve();
    });
    this.#tail = this.#tail.then(() => due).then(() => this.#socket.send(text));
  }
}
