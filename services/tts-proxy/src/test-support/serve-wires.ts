import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { speakServerMessageSchema, type SpeakServerMessage } from '@eloquence/shared/contracts/speak';
import type { AppError } from '@eloquence/shared/runtime/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { createService } from '@eloquence/shared/runtime/service';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Tenants } from '@eloquence/shared/runtime/tenants';
import { WebSocket, type ClientOptions } from 'ws';
import type { EncodeOptions } from '../audio/encode.ts';
import type { Speech, SpeechOpener, SpeechOptions, SpeechPiece } from '../speech/speech.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { registerWires } from '../wire/routes.ts';
import { defaultSocketLimits, type SocketLimits } from '../wire/socket-care.ts';

export const KEY = 'internal-key-of-the-test';
export const TENANT_KEY = 'tenant-key-of-the-test';
const ENGINE = { id: 'fake/voice', label: 'Fake voice', label_fr: 'Voix factice', demo: false };
/** How long a scripted voice takes for a character. */
export const SAMPLES_PER_CHAR = 240;

/** What a scripted voice does at a sentence: it fails before its first sound, in the middle of it, or waits. */
type Script = (sentence: string) => AppError | { readonly broken: AppError } | Promise<void> | undefined;

/** A `SpeechOpener` without providers: sentences end at `.`, `!`, `?`, a character is 10 ms of a tone. */
class ScriptedOpener implements SpeechOpener {
  readonly opened: ScriptedSpeech[] = [];
  script: Script = () => undefined;
  /** No sentence begins before it. */
  silence: Promise<void> = Promise.resolve();
  refusal: AppError | undefined;
  /** Sentences whose first half has been taken. */
  heard = 0;
  /** Opening waits for it. */
  gate: Promise<void> = Promise.resolve();

  async open(options: SpeechOptions, signal: AbortSignal): Promise<Speech> {
    await this.gate;
    if (this.refusal) throw this.refusal;
    const speech = new ScriptedSpeech(options, signal, this);
    this.opened.push(speech);
    return speech;
  }

  /** The texts of all speeches, in the order of their opening. */
  get texts(): string[] {
    return this.opened.map(({ text }) => text);
  }
}

class ScriptedSpeech implements Speech {
  readonly options: SpeechOptions;
  readonly pieces: AsyncIterable<SpeechPiece>;
  text = '';
  closed = false;
  readonly #opener: ScriptedOpener;
  #steps: string[] = [];
  #rest = '';
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(options: SpeechOptions, signal: AbortSignal, opener: ScriptedOpener) {
    this.options = options;
    this.#opener = opener;
    signal.addEventListener('abort', () => this.close());
    this.pieces = this.#speak();
  }

  write(text: string): void {
    this.text += text;
    this.#rest += text;
    for (let end = /[.!?]\s*/.exec(this.#rest); end; end = /[.!?]\s*/.exec(this.#rest)) {
      const at = end.index + end[0].length;
      this.#steps.push(this.#rest.slice(0, at));
      this.#rest = this.#rest.slice(at);
    }
    this.#wake?.();
  }

  flush(): void {
    if (this.#rest !== '') this.#steps.push(this.#rest);
    this.#rest = '';
    this.#steps.push('FLUSH');
    this.#wake?.();
  }

  end(): void {
    this.flush();
    this.#ended = true;
    this.#wake?.();
  }

  close(): void {
    this.closed = true;
    this.#wake?.();
  }

  async *#speak(): AsyncGenerator<SpeechPiece> {
    for (;;) {
      if (this.closed) throw new DOMException('closed', 'AbortError');
      const step = this.#steps.shift();
      if (step === 'FLUSH') yield { type: 'flushed' };
      else if (step !== undefined) yield* this.#sentence(step);
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async *#sentence(text: string): AsyncGenerator<SpeechPiece> {
    await this.#opener.silence;
    const fate = this.#opener.script(text);
    if (fate instanceof Error) throw fate;
    yield { type: 'sentence', text, engine: ENGINE, cached: false };
    const samples = new Int16Array(text.length * SAMPLES_PER_CHAR).map((_, at) => 8_000 * Math.sin(at / 8));
    const half = samples.length >> 1;
    yield { type: 'audio', samples: samples.subarray(0, half) };
    this.#opener.heard += 1;
    if (fate instanceof Promise) await fate;
    if (fate && 'broken' in fate) {
      yield { type: 'broken', error: fate.broken };
      return;
    }
    yield { type: 'audio', samples: samples.subarray(half) };
  }
}

export interface WireServer extends AsyncDisposable {
  readonly url: string;
  readonly telemetry: Telemetry;
  readonly opener: ScriptedOpener;
  readonly goAway: () => Promise<void>;
  /** What it logged from `warn` up. */
  readonly log: readonly string[];
  /** Posts JSON with the internal key. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

/** The wires alone on port 0, in front of scripted voices. */
export async function serveWires(
  limits: Partial<SocketLimits> = {},
  ffmpeg?: EncodeOptions['ffmpeg'],
): Promise<WireServer> {
  const telemetry = new Telemetry({ processMetrics: false });
  const log: string[] = [];
  const logger = createLogger('tts-proxy', 'warn', { write: (line: string) => void log.push(line) });
  const app = createService({ service: 'tts-proxy', logger, telemetry, readiness: [] });
  const opener = new ScriptedOpener();
  const goAway = registerWires(app, {
    opener,
    voices: builtinMap,
    lenders: [],
    tenants: new Tenants(KEY, [TENANT_KEY]),
    engine: () => ENGINE,
    ffmpeg,
    telemetry,
    logger,
    limits: { ...defaultSocketLimits, ...limits },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  return {
    url,
    telemetry,
    opener,
    goAway,
    log,
    post: (path, body, init = {}) =>
      fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body), ...init }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
    },
  };
}

/** A client of `/v1/speak` that checks every message against the contract and keeps it, sound in its place among them. */
export class SpeakClient implements Disposable {
  readonly socket: WebSocket;
  readonly messages: (SpeakServerMessage | { readonly type: 'sound'; readonly bytes: number })[] = [];
  readonly chunks: Buffer[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data, binary) => {
      if (binary) {
        this.chunks.push(data as Buffer);
        const last = this.messages.at(-1);
        const bytes = (data as Buffer).length + (last?.type === 'sound' ? last.bytes : 0);
        if (last?.type === 'sound') this.messages.pop();
        this.messages.push({ type: 'sound', bytes });
      } else this.messages.push(speakServerMessageSchema.parse(JSON.parse((data as Buffer).toString())));
    });
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  /** @throws when the upgrade is refused */
  static async open(url: string, query: Record<string, string> = {}, options?: ClientOptions): Promise<SpeakClient> {
    const search = new URLSearchParams(query);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/speak?${search.toString()}`, {
      headers: { authorization: `Token ${KEY}` },
      ...options,
    });
    const client = new SpeakClient(socket);
    await once(socket, 'open');
    return client;
  }

  send(...messages: object[]): void {
    for (const message of messages) this.socket.send(JSON.stringify(message));
  }

  speak(text: string): void {
    this.send({ type: 'Speak', text });
  }

  flush(): void {
    this.send({ type: 'Flush' });
  }

  /** What came, in order, in a word each; sound with its milliseconds at 24 kHz. */
  get order(): string[] {
    return this.messages.map((message) => (message.type === 'sound' ? `${message.bytes / 48} ms` : message.type));
  }

  of<Type extends SpeakServerMessage['type']>(type: Type): Extract<SpeakServerMessage, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<SpeakServerMessage, { type: Type }> => message.type === type,
    );
  }

  get sound(): Buffer {
    return Buffer.concat(this.chunks);
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
