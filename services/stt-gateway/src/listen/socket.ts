import type { RawData, WebSocket } from 'ws';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { STT_SAMPLE_RATE_HZ, type ListenMessage, type ListenQuery } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { S16leFramer } from '../audio/pcm.ts';
import { Resampler } from '../audio/resampler.ts';
import type { OpenSession, SessionOptions, SpeechSession } from '../session/speech-session.ts';
import type { SessionEvent } from '../session/session-events.ts';
import { decodeControl, encode, encodeError, encodeMetadata, type WireContext } from './codec.ts';

export interface SocketLimits {
  /** Without audio or KeepAlive for so long the socket is closed, as Deepgram does. */
  readonly idleMs: number;
  readonly pingMs: number;
  /** Pings without an answer before the other side counts as gone. */
  readonly maxMissedPings: number;
  /** Unread output at which the client counts as stuck. */
  readonly maxBufferedBytes: number;
  readonly maxFrameBytes: number;
  /** Frames that make no sense before the socket is closed. */
  readonly maxMistakes: number;
}

export interface ListenPorts {
  readonly openSession: OpenSession;
  readonly telemetry: Telemetry;
  readonly limits: SocketLimits;
}

/** Silence that ends an utterance when the client does not say. */
const DEFAULT_ENDPOINTING_MS = 300;
/**
 * Stock clients ask for 10 to 25 ms, meant for engines that decode word by word. A whole-utterance engine would get
 * single syllables.
 */
const MIN_ENDPOINTING_MS = 200;
/** A peer that does not answer our close is cut off after this. */
const CLOSE_GRACE_MS = 2_000;
const MAX_REASON_BYTES = 123;
const MAX_KEYTERMS = 100;

/** Who connects, and what for. */
export interface ListenRequest {
  readonly query: ListenQuery;
  readonly requestId: string;
  /** See SessionOptions. */
  readonly tenant: string;
}

/** One client of `/v1/listen`: frames in, one session, messages out. */
export class ListenSocket {
  readonly #socket: WebSocket;
  readonly #ports: ListenPorts;
  readonly #context: WireContext;
  readonly #session: SpeechSession;
  readonly #framer = new S16leFramer();
  readonly #resampler: Resampler | undefined;
  readonly #createdAt = new Date();
  #mistakes = 0;
  #missedPings = 0;
  #paused = false;
  #ending = false;
  #idle: NodeJS.Timeout | undefined;
  readonly #pinger: NodeJS.Timeout;

  /** Attaches its handlers before it returns, so that frames sent with the upgrade are not lost. */
  constructor(socket: WebSocket, { query, requestId, tenant }: ListenRequest, ports: ListenPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#context = {
      requestId,
      language: query.language,
      model: query.model ?? 'whisper',
      vadEvents: query.vad_events,
    };
    this.#resampler = query.sample_rate === STT_SAMPLE_RATE_HZ ? undefined : new Resampler(query.sample_rate);
    this.#session = ports.openSession(sessionOptions(query, tenant), {
      onEvent: (event) => this.#tell(event),
      onPressure: (pressed) => this.#setPaused(pressed),
      onFailure: (error) => this.#close(closeCodes.internal, `${error.code}: ${error.message}`),
    });
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('pong', () => (this.#missedPings = 0));
    socket.on('close', () => this.#release());
    this.#pinger = setInterval(() => this.#ping(), ports.limits.pingMs);
    this.#restartIdle();
  }

  /** For shutdown: finals go out, then 1001. Resolves when they are out. */
  async goAway(): Promise<void> {
    if (!this.#startEnding()) return;
    await this.#session.finish();
    this.#close(closeCodes.goingAway, 'The service is restarting. Connect again.');
  }

  #receive(data: RawData, binary: boolean): void {
    if (this.#ending) return;
    if (binary) {
      this.#restartIdle();
      const samples = this.#framer.push(data as Buffer);
      this.#session.push(this.#resampler?.push(samples) ?? samples);
      return;
    }
    const decoded = decodeControl((data as Buffer).toString('utf8'));
    if ('fault' in decoded) {
      this.#mistake(decoded.fault);
      return;
    }
    this.#restartIdle();
    if (decoded.control === 'Finalize') this.#session.finalize();
    else if (decoded.control === 'CloseStream') void this.#endStream();
  }

  #mistake(fault: string): void {
    this.#mistakes += 1;
    const { maxMistakes } = this.#ports.limits;
    this.#send(encodeError(new AppError('invalid_request', fault)));
    if (this.#mistakes >= maxMistakes)
      this.#close(closeCodes.invalidRequest, `invalid_request: ${maxMistakes} frames made no sense`);
  }

  async #endStream(): Promise<void> {
    if (!this.#startEnding()) return;
    if (this.#resampler) this.#session.push(this.#resampler.flush());
    await this.#session.finish();
    this.#send(encodeMetadata(this.#context, this.#session.durationS, this.#createdAt));
    this.#close(closeCodes.normal, '');
  }

  /** False when the stream is ending already. */
  #startEnding(): boolean {
    if (this.#ending) return false;
    this.#ending = true;
    clearTimeout(this.#idle);
    return true;
  }

  #tell(event: SessionEvent): void {
    const message = encode(event, this.#context);
    if (message) this.#send(message);
  }

  #send(message: ListenMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const text = JSON.stringify(message);
    if (this.#socket.bufferedAmount + text.length > this.#ports.limits.maxBufferedBytes) {
      this.#ports.telemetry.count('eloquence_stt_frames_dropped_total', { reason: 'slow_reader' });
      this.#close(closeCodes.slowReader, 'slow_reader: messages were not read fast enough');
      return;
    }
    this.#socket.send(text);
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else {
      this.#socket.resume();
      this.#restartIdle();
    }
  }

  #restartIdle(): void {
    const { idleMs } = this.#ports.limits;
    if (this.#idle) this.#idle.refresh();
    else this.#idle = setTimeout(() => this.#onIdle(), idleMs);
  }

  #onIdle(): void {
    this.#idle = undefined;
    // While we do not read, the client's silence is ours.
    if (this.#paused) this.#restartIdle();
    else if (!this.#ending)
      this.#close(
        closeCodes.internal,
        `NET-0001: no audio and no KeepAlive for ${this.#ports.limits.idleMs / 1000} s; send KeepAlive every 5 s`,
      );
  }

  #ping(): void {
    // Pongs cannot be read while reading is paused.
    if (this.#paused) return;
    if (this.#missedPings >= this.#ports.limits.maxMissedPings) {
      this.#socket.terminate();
      return;
    }
    this.#missedPings += 1;
    this.#socket.ping();
  }

  #close(code: number, reason: string): void {
    this.#ending = true;
    this.#session.close();
    // A close frame is read like any other.
    if (this.#paused) this.#setPaused(false);
    clearTimeout(this.#idle);
    this.#socket.close(code, Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString('utf8'));
    setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
  }

  #release(): void {
    this.#ending = true;
    clearInterval(this.#pinger);
    clearTimeout(this.#idle);
    this.#session.close();
  }
}

/** The query's words for it -> the session's. */
export function sessionOptions(query: ListenQuery, tenant: string): SessionOptions {
  const { endpointing = DEFAULT_ENDPOINTING_MS, keyterm = [] } = query;
  return {
    // Deepgram's names for "find out by yourself".
    language: query.language === 'multi' ? undefined : query.language,
    keyterms: [keyterm].flat().slice(0, MAX_KEYTERMS),
    turn:
      endpointing === 'false'
        ? { type: 'manual' }
        : { type: 'silence', endpointingMs: Math.max(MIN_ENDPOINTING_MS, endpointing) },
    utteranceEndMs: query.utterance_end_ms,
    interims: query.interim_results,
    tenant,
    urgency: 'live',
    temperature: 0,
  };
}
