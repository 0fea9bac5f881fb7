import type { IncomingMessage } from 'node:http';
import { closeCodes, errorCodeSchema, problemSchema } from '@eloquence/shared/contracts/errors';
import {
  speakServerMessageSchema,
  type SpeakClientMessage,
  type SpeakServerMessage,
} from '@eloquence/shared/contracts/speak';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { WebSocket } from 'ws';

const CONNECT_TIMEOUT_MS = 2_000;
/** A half-open link is only noticed by a ping that gets no answer. */
const PING_EVERY_MS = 5_000;
/** A refusal is a problem body of some hundred bytes. */
const MAX_REFUSAL_BYTES = 16_384;
/** The contract's longest `Speak`. */
const MAX_TEXT_CHARS = 2_000;
/** Of one message; tts-proxy's are far shorter. */
const MAX_MESSAGE_BYTES = 1_048_576;

/** Who listens to a link while an answer is spoken over it. */
export interface SpeakListener {
  /** s16le bytes; a sample may be torn apart between two calls. */
  sound(pcm: Buffer): void;
  message(message: SpeakServerMessage): void;
  /** Nothing comes any more. */
  closed(error: AppError): void;
}

/** One WebSocket to tts-proxy's `/v1/speak`, for one answer after another. */
export class SpeakLink {
  /** Resolves once text can be sent. @throws AppError by rejecting: what tts-proxy answered, or that it did not */
  readonly opened: Promise<void>;
  listener: SpeakListener | undefined;
  readonly #socket: WebSocket;
  #awaitingPong = false;
  #refusal: AppError | undefined;

  constructor(url: URL, key: string) {
    this.#socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${key}` },
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    this.opened = this.#follow();
    // Whoever waits for it hears of it.
    this.opened.catch(() => undefined);
  }

  /** Opening or open. */
  get usable(): boolean {
    const { readyState } = this.#socket;
    return readyState === WebSocket.CONNECTING || readyState === WebSocket.OPEN;
  }

  onceClosed(callback: () => void): void {
    this.#socket.once('close', callback);
  }

  /** Sends text as it is, in messages the contract allows. Half a surrogate pair at an end of one is kept by JSON's escapes. */
  speak(text: string): void {
    for (let at = 0; at < text.length; at += MAX_TEXT_CHARS)
      this.#send({ type: 'Speak', text: text.slice(at, at + MAX_TEXT_CHARS) });
  }

  flush(): void {
    this.#send({ type: 'Flush' });
  }

  /** Sound is not read for a while; the far end makes no more of it. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#awaitingPong = false;
    this.#socket.resume();
  }

  /** Lets go of a link that says nothing any more. */
  close(): void {
    this.listener = undefined;
    this.#socket.close(closeCodes.normal);
  }

  /** Cuts the connection at once: tts-proxy stops all voices. */
  cut(): void {
    this.listener = undefined;
    this.#socket.terminate();
  }

  #send(message: SpeakClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #follow(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let cause: unknown;
      const pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
      socket.on('open', resolve);
      socket.on('pong', () => (this.#awaitingPong = false));
      socket.on('message', (data, isBinary) => this.#read(data as Buffer, isBinary));
      socket.on('unexpected-response', (_request, response) => {
        void this.#takeRefusal(response);
      });
      socket.on('error', (error) => (cause = error));
      socket.on('close', (code, reason) => {
        clearInterval(pinging);
        const error = this.#refusal ?? closedWith(code, reason.toString(), cause);
        reject(error);
        const { listener } = this;
        this.listener = undefined;
        listener?.closed(error);
      });
    });
  }

  async #takeRefusal(response: IncomingMessage): Promise<void> {
    this.#refusal = await readRefusal(response);
    this.#socket.terminate();
  }

  #ping(): void {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN || socket.isPaused) return;
    if (this.#awaitingPong) return socket.terminate();
    this.#awaitingPong = true;
    socket.ping();
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.listener?.sound(data);
    const message = parseMessage(data);
    if (message) this.listener?.message(message);
  }
}

/** The socket's address: what it gives is what the agent plays. */
export function speakUrl(ttsUrl: string, language: 'fr' | 'en'): URL {
  const url = new URL(`${ttsUrl.replace(/^http/, 'ws')}/v1/speak`);
  const { searchParams } = url;
  searchParams.set('encoding', 'linear16');
  searchParams.set('sample_rate', String(TTS_SAMPLE_RATE_HZ));
  searchParams.set('container', 'none');
  searchParams.set('voice', voiceOf(language));
  searchParams.set('language', language);
  searchParams.set('sentences', 'true');
  return url;
}

/** The logical voice of a call. */
export function voiceOf(language: 'fr' | 'en'): 'coach-fr' | 'coach-en' {
  return language === 'fr' ? 'coach-fr' : 'coach-en';
}

function parseMessage(data: Buffer): SpeakServerMessage | undefined {
  try {
    return speakServerMessageSchema.safeParse(JSON.parse(data.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

async function readRefusal(response: IncomingMessage): Promise<AppError> {
  const status = response.statusCode ?? 0;
  const again = status >= 500 || status === 429;
  const fallback = new AppError(again ? 'upstream_failed' : 'upstream_rejected', `tts-proxy answered ${status}.`);
  try {
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) {
      body += String(chunk);
      if (body.length > MAX_REFUSAL_BYTES) return fallback;
    }
    const { code, detail, retry_after_s: retryAfterS } = problemSchema.parse(JSON.parse(body));
    return new AppError(code, `tts-proxy: ${detail}`, { ...(retryAfterS !== undefined && { retryAfterS }) });
  } catch {
    return fallback;
  }
}

/** A close as an error. Our sockets say `code: sentence` as reason. */
function closedWith(closeCode: number, reason: string, cause: unknown): AppError {
  const code = errorCodeSchema.safeParse(reason.split(':')[0]).data;
  const message = `tts-proxy closed the connection (${closeCode}${reason && `, ${reason}`}).`;
  const fallback = closeCode === closeCodes.goingAway ? 'unavailable' : 'upstream_failed';
  return new AppError(code ?? fallback, message, { cause });
}
