import { closeCodes } from '@eloquence/shared/contracts/errors';
import { STT_SAMPLE_RATE_HZ, type ListenQuery } from '@eloquence/shared/contracts/stt';
import type { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionOptions, TurnPolicy } from '../session/speech-session.ts';
import type { SessionEvent } from '../session/session-events.ts';
import { AudioReader } from '../wire/audio-reader.ts';
import { keytermsOf } from '../wire/keyterms.ts';
import type { SocketLimits, SpeechSocket, WireCodec } from '../wire/speech-socket.ts';
import type { WireRequest } from '../wire/wire-route.ts';
import { decodeControl, encode, encodeError, encodeMetadata, type WireContext } from './codec.ts';

/** Silence that ends an utterance when the client does not say. */
const DEFAULT_ENDPOINTING_MS = 300;
/**
 * Stock clients ask for 10 to 25 ms, meant for engines that decode word by word. A whole-utterance engine would get
 * single syllables.
 */
const MIN_ENDPOINTING_MS = 200;
/** A draft every 8 s is out before it is 10 s behind the speech. */
const MICRO_BATCH_DRAFT_MS = 8_000;
/** Rate of companded speech everywhere. */
const TELEPHONE_RATE_HZ = 8_000;

/** The Deepgram-shaped protocol of one client of `/v1/listen`. */
export class ListenWire implements WireCodec {
  readonly idle: WireCodec['idle'];
  readonly #socket: SpeechSocket;
  readonly #context: WireContext;
  readonly #reader: AudioReader;
  readonly #createdAt = new Date();
  #options: SessionOptions;

  constructor(socket: SpeechSocket, { query, requestId, tenant }: WireRequest<ListenQuery>, limits: SocketLimits) {
    this.#socket = socket;
    this.idle = {
      ms: limits.idleMs,
      code: closeCodes.internal,
      reason: `NET-0001: no audio and no KeepAlive for ${limits.idleMs / 1000} s; send KeepAlive every 5 s`,
    };
    this.#context = { requestId, model: query.model ?? 'whisper', vadEvents: query.vad_events };
    this.#reader = new AudioReader({ encoding: query.encoding, rateHz: sampleRateOf(query) });
    this.#options = sessionOptions(query, tenant);
  }

  receive(frame: Buffer, binary: boolean): void {
    if (binary) {
      this.#socket.markAlive();
      this.#socket.session.push(this.#reader.read(frame));
      return;
    }
    const control = decodeControl(frame.toString('utf8'));
    this.#socket.markAlive();
    switch (control.type) {
      case 'KeepAlive':
        return;
      case 'Finalize':
        this.#socket.session.finalize();
        return;
      case 'Configure':
        this.#configure(control.keyterms ?? undefined);
        return;
      case 'CloseStream':
        void this.#socket.end(closeCodes.normal, '', () =>
          encodeMetadata(this.#context, this.#socket.session.durationS, this.#createdAt),
        );
    }
  }

  tell(event: SessionEvent): void {
    const message = encode(event, this.#context);
    if (message) this.#socket.send(message);
  }

  encodeFault(error: AppError): object {
    return encodeError(error);
  }

  flush(): void {
    this.#socket.session.push(this.#reader.flush());
  }

  #configure(given: readonly string[] | undefined): void {
    const request = { request_id: this.#context.requestId };
    if (!given) {
      this.#socket.send({ type: 'ConfigureSuccess', ...request });
      return;
    }
    const keyterms = keytermsOf(given);
    if (keyterms.length < new Set(given).size) {
      const description = `At most ${keyterms.length} different key terms that are not empty can be used.`;
      this.#socket.send({
        type: 'ConfigureFailure',
        ...request,
        code: 'CONFIGURE_KEYTERM_LIMIT_EXCEEDED',
        description,
      });
      return;
    }
    this.#options = { ...this.#options, keyterms };
    this.#socket.session.change(this.#options);
    this.#socket.send({ type: 'ConfigureSuccess', ...request, keyterms });
  }
}

/** Hz of the audio that will come. */
export function sampleRateOf({ encoding, sample_rate }: ListenQuery): number {
  return sample_rate ?? (encoding === 'linear16' ? STT_SAMPLE_RATE_HZ : TELEPHONE_RATE_HZ);
}

/** The query's words for it -> the session's. */
export function sessionOptions(query: ListenQuery, tenant: string): SessionOptions {
  const batch = query.mode === 'micro_batch';
  return {
    // Deepgram's name for "find out by yourself".
    language: query.language === 'multi' ? undefined : query.language,
    keyterms: keytermsOf([...[query.keyterm ?? []].flat(), ...[query.keywords ?? []].flat().flatMap(wordOf)]),
    turn: batch ? { type: 'windows', draftMs: MICRO_BATCH_DRAFT_MS } : turnOf(query.endpointing),
    utteranceEndMs: query.utterance_end_ms,
    interims: query.interim_results || batch,
    tenant,
    urgency: 'live',
    temperature: 0,
  };
}

function turnOf(endpointing: ListenQuery['endpointing']): TurnPolicy {
  if (endpointing === 'false') return { type: 'manual' };
  const endpointingMs = typeof endpointing === 'number' ? endpointing : DEFAULT_ENDPOINTING_MS;
  return { type: 'silence', endpointingMs: Math.max(MIN_ENDPOINTING_MS, endpointingMs) };
}

/** `word`, or `word:boost`; a negative boost asks for the opposite of a hint, which engines do not have. */
function wordOf(keyword: string): string[] {
  const [, word = keyword, boost] = /^(.*?):(-?\d+(?:\.\d+)?)$/.exec(keyword) ?? [];
  return boost?.startsWith('-') ? [] : [word];
}
