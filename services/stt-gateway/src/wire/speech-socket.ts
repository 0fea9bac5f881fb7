import type { RawData, WebSocket } from 'ws';
import { closeCodes } from '@eloquence/shared/contracts/errors';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { OpenSession, SessionOptions } from '../session/speech-session.ts';
import type { SessionEvent } from '../session/session-events.ts';
import { SessionChain } from './session-chain.ts';

export interface SocketLimits {
  /** Without a sign of life for so long a socket whose wire demands one is closed. */
  readonly idleMs: number;
  /** The same for wires whose clients keep silent sockets in stock. */
  readonly quietMs: number;
  readonly pingMs: number;
  /** Pings without an answer before the other side counts as gone. */
  readonly maxMissedPings: number;
  /** Unread output at which the client counts as stuck. */
  readonly maxBufferedBytes: number;
  readonly maxFrameBytes: number;
  /** Frames that make no sense before the socket is closed. */
  readonly maxMistakes: number;
}

export interface SocketPorts {
  readonly openSession: OpenSession;
  readonly telemetry: Telemetry;
  readonly limits: SocketLimits;
  /** A fault of ours: its cause goes to the log. */
  readonly onFault: (error: AppError) => void;
}

/** What a protocol makes of frames and events. Everything else that a socket needs is the SpeechSocket's. */
export interface WireCodec {
  /** How long the other side may keep silent, and what it is told then. */
  readonly idle: { readonly ms: number; readonly code: number; readonly reason: string };
  /**
   * One frame of the client.
   *
   * @throws AppError when it makes no sense: it is answered by `encodeFault` and counted
   */
  receive(frame: Buffer, binary: boolean): void;
  tell(event: SessionEvent): void;
  encodeFault(error: AppError): object;
  /** The last audio there is, before the stream ends. */
  flush(): void;
}

/** A peer that does not answer our close is cut off after this. */
const CLOSE_GRACE_MS = 2_000;
/** RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

/**
 * One client of a wire: limits, pings, pressure, idleness, mistakes and closing. It attaches its handlers before the
 * constructor returns, so that frames sent with the upgrade are not lost.
 */
export class SpeechSocket {
  readonly session: SessionChain;
  readonly #socket: WebSocket;
  readonly #ports: SocketPorts;
  readonly #codec: WireCodec;
  #mistakes = 0;
  #missedPings = 0;
  #paused = false;
  #ending = false;
  #idle: NodeJS.Timeout | undefined;
  readonly #pinger: NodeJS.Timeout;

  constructor(
    socket: WebSocket,
    options: SessionOptions,
    makeCodec: (socket: SpeechSocket) => WireCodec,
    ports: SocketPorts,
  ) {
    this.#socket = socket;
    this.#ports = ports;
    this.session = new SessionChain(options, ports.openSession, {
      onEvent: (event) => this.#tell(event),
      onPressure: (pressed) => this.#setPaused(pressed),
      onFailure: (error) => this.close(closeCodes.internal, `${error.code}: ${error.message}`),
    });
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('pong', () => (this.#missedPings = 0));
    socket.on('close', () => this.#release());
    this.#pinger = setInterval(() => this.#ping(), ports.limits.pingMs);
    this.#codec = makeCodec(this);
    this.markAlive();
  }

  /**
   * Once the client has asked for the end it gets no interim: nobody reads it, and LiveKit's plugin for Node leaves at
   * the first message after its CloseStream, whatever that says, and so before the final.
   */
  #tell(event: SessionEvent): void {
    if (this.#ending && event.type === 'transcript.interim') return;
    this.#guard(() => this.#codec.tell(event));
  }

  /** Sends a message, unless the client does not read: then it is closed as a slow reader. */
  send(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const text = JSON.stringify(message);
    if (this.#socket.bufferedAmount + text.length > this.#ports.limits.maxBufferedBytes) {
      this.#ports.telemetry.count('eloquence_stt_frames_dropped_total', { reason: 'slow_reader' });
      this.close(closeCodes.slowReader, 'slow_reader: messages were not read fast enough');
      return;
    }
    this.#socket.send(text);
  }

  /** The client has shown that it means to stay. */
  markAlive(): void {
    if (this.#ending) return;
    if (this.#idle) this.#idle.refresh();
    else this.#idle = setTimeout(() => this.#onIdle(), this.#codec.idle.ms);
  }

  /** Finals go out, then what `farewell` says, then the close. Resolves when they are out; the first caller decides. */
  async end(code: number, reason: string, farewell?: () => object): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    clearTimeout(this.#idle);
    this.#codec.flush();
    await this.session.finish();
    if (farewell) this.send(farewell());
    this.close(code, reason);
  }

  /** For shutdown: finals go out, then 1001. */
  goAway(): Promise<void> {
    return this.end(closeCodes.goingAway, 'The service is restarting. Connect again.');
  }

  /** Closes at once; what was not yet transcribed is dropped. */
  close(code: number, reason: string): void {
    this.#ending = true;
    this.session.close();
    // A close frame is read like any other.
    if (this.#paused) this.#setPaused(false);
    clearTimeout(this.#idle);
    this.#socket.close(code, cutBytes(reason, MAX_REASON_BYTES));
    setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
  }

  /** An event the codec cannot cope with must not end the process. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      const failure = AppError.from(error);
      this.#ports.onFault(failure);
      this.close(closeCodes.internal, `${failure.code}: Something failed on our side. Connect again.`);
    }
  }

  #receive(data: RawData, binary: boolean): void {
    if (this.#ending) return;
    this.#guard(() => {
      try {
        this.#codec.receive(data as Buffer, binary);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        this.mistake(error);
      }
    });
  }

  /** A frame that made no sense: told, and too many of them end the socket. */
  mistake(error: AppError): void {
    this.#mistakes += 1;
    const { maxMistakes } = this.#ports.limits;
    this.send(this.#codec.encodeFault(error));
    if (this.#mistakes >= maxMistakes)
      this.close(closeCodes.invalidRequest, `invalid_request: ${maxMistakes} frames made no sense`);
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else {
      this.#socket.resume();
      this.markAlive();
    }
  }

  #onIdle(): void {
    this.#idle = undefined;
    const { code, reason } = this.#codec.idle;
    // While we do not read, the client's silence is ours.
    if (this.#paused) this.markAlive();
    else if (!this.#ending) this.close(code, reason);
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

  #release(): void {
    this.#ending = true;
    clearInterval(this.#pinger);
    clearTimeout(this.#idle);
    this.session.close();
  }
}

/** The text's first bytes, without half a character at the end. */
function cutBytes(text: string, bytes: number): string {
  const cut = Buffer.from(text).subarray(0, bytes).toString('utf8');
  return cut.replace(/\uFFFD+$/, '');
}
