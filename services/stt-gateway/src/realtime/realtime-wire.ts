import { closeCodes } from '@eloquence/shared/contracts/errors';
import {
  realtimeClientEventSchema,
  type RealtimeClientEvent,
  type RealtimeInput,
} from '@eloquence/shared/contracts/stt-realtime';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionEvent } from '../session/session-events.ts';
import { AudioReader } from '../wire/audio-reader.ts';
import type { SocketLimits, SpeechSocket, WireCodec } from '../wire/speech-socket.ts';
import {
  audioFormatOf,
  describeSession,
  inputOfBeta,
  languageOf,
  sessionOptions,
  updated,
  type RealtimeSettings,
} from './settings.ts';
import { MAX_WAITING_COMMITS, TurnItems, type RealtimeNews } from './turn-items.ts';

export interface RealtimeWireOptions {
  readonly settings: RealtimeSettings;
  readonly requestId: string;
  readonly tenant: string;
  readonly limits: SocketLimits;
  /** Rejects with AppError `unsupported_language`. */
  readonly checkLanguage: (language: string | undefined) => Promise<void>;
}

/** What decoded audio is put into until it is resampled: 250 ms of it; larger pieces get a buffer of their own. */
const SCRATCH_BYTES = 12_288;
/** Checks of a language wait for the engine's answer; more updates meanwhile are refused. */
const MAX_WAITING_CHECKS = 8;

/** OpenAI's Realtime protocol, as far as transcription goes, of one client of `/v1/realtime`. */
export class RealtimeWire implements WireCodec {
  readonly idle: WireCodec['idle'];
  readonly #socket: SpeechSocket;
  readonly #options: RealtimeWireOptions;
  readonly #items: TurnItems;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #settings: RealtimeSettings;
  #reader: AudioReader;
  #events = 0;
  #checks = 0;
  /** Id that the client gave the event now being read. */
  #clientEventId: string | null = null;

  constructor(socket: SpeechSocket, options: RealtimeWireOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#settings = options.settings;
    this.#reader = new AudioReader(audioFormatOf(options.settings));
    const { quietMs } = options.limits;
    this.idle = {
      ms: quietMs,
      code: closeCodes.goingAway,
      reason: `idle: nothing was received for ${quietMs / 1000} s. Connect again.`,
    };
    this.#items = new TurnItems({
      prefix: `${options.requestId.replaceAll('-', '').slice(0, 16)}_`,
      tell: (news) => this.#tell(news),
    });
    this.#items.hearsTurns = this.#sessionOptions.turn.type !== 'manual';
    this.#tell({ type: 'session.created', session: this.#session });
  }

  receive(frame: Buffer, binary: boolean): void {
    this.#clientEventId = null;
    if (binary)
      throw new AppError('invalid_request', 'Send audio as base64 in input_audio_buffer.append, not in binary frames.');
    this.#act(this.#read(frame.toString('utf8')));
    this.#socket.markAlive();
  }

  tell(event: SessionEvent): void {
    this.#items.on(event);
  }

  encodeFault(error: AppError): object {
    return this.#withId({
      type: 'error',
      error: {
        type: error.fault === 'caller' ? 'invalid_request_error' : 'server_error',
        code: error.code,
        message: error.message,
        param: error.issues?.[0]?.path ?? null,
        event_id: this.#clientEventId,
      },
    });
  }

  flush(): void {
    this.#socket.session.push(this.#reader.flush());
  }

  get #session() {
    return describeSession(this.#settings, `sess_${this.#options.requestId}`);
  }

  get #sessionOptions() {
    return sessionOptions(this.#settings, this.#options.tenant);
  }

  #read(text: string): RealtimeClientEvent {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      throw new AppError('invalid_request', 'A text frame is not JSON.');
    }
    // Twenty a second of each client: not through the schema.
    if (isAppend(message)) return message;
    const parsed = realtimeClientEventSchema.safeParse(message);
    this.#clientEventId = eventIdOf(message);
    if (parsed.success) return parsed.data;
    const [first] = parsed.error.issues;
    const path = first?.path.join('.') ?? '';
    const issues = [{ path, message: first?.message ?? 'is not valid' }];
    const fault = path === 'type' || path === '' ? 'is of no type that a transcription session takes' : 'is not valid';
    throw new AppError('invalid_request', `The event ${fault}: ${path} ${first?.message ?? ''}`.trim(), { issues });
  }

  #act(event: RealtimeClientEvent): void {
    const { session } = this.#socket;
    switch (event.type) {
      case 'input_audio_buffer.append':
        this.#append(event.audio);
        return;
      case 'input_audio_buffer.commit':
        if (this.#items.waiting >= MAX_WAITING_COMMITS)
          throw new AppError('rate_limited', `${MAX_WAITING_COMMITS} commits wait for their text. Wait for them.`);
        this.#items.commit(session.durationS);
        session.finalize();
        return;
      case 'input_audio_buffer.clear':
        this.#items.clear(session.durationS);
        session.discard();
        return;
      case 'session.update':
        this.#update(event.session.audio?.input ?? {}, () =>
          this.#tell({ type: 'session.updated', session: this.#session }),
        );
        return;
      case 'transcription_session.update':
        this.#items.beta = true;
        this.#update(inputOfBeta(event), () =>
          this.#tell({ type: 'transcription_session.updated', session: betaSession(this.#session, event.session) }),
        );
    }
  }

  #append(audio: string): void {
    const bytes = Buffer.byteLength(audio, 'base64');
    const target = bytes <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafe(bytes);
    const written = target.write(audio, 'base64');
    // What is no base64 is left out by the decoder.
    if (written !== bytes || (bytes > 0 && audio.length % 4 === 1))
      throw new AppError('invalid_request', 'audio is not valid base64.', {
        issues: [{ path: 'audio', message: 'is not valid base64' }],
      });
    this.#socket.session.push(this.#reader.read(target.subarray(0, written)));
  }

  /** Settings hold from the next utterance on; what is being said goes on under those it began with. */
  #update(input: RealtimeInput, confirm: () => void): void {
    const before = this.#settings;
    const after = updated(before, input);
    if (languageOf(after) === languageOf(before)) {
      this.#apply(after);
      confirm();
      return;
    }
    if (this.#checks >= MAX_WAITING_CHECKS)
      throw new AppError('rate_limited', 'Too many changes of language at once. Wait for session.updated.');
    this.#apply(after);
    void this.#check(before, confirm, this.#clientEventId);
  }

  async #check(before: RealtimeSettings, confirm: () => void, eventId: string | null): Promise<void> {
    this.#checks += 1;
    const { language, languages } = before;
    try {
      await this.#options.checkLanguage(languageOf(this.#settings));
      confirm();
    } catch (error) {
      this.#apply({ ...this.#settings, language, languages });
      this.#clientEventId = eventId;
      this.#socket.mistake(AppError.from(error));
    } finally {
      this.#checks -= 1;
    }
  }

  #apply(settings: RealtimeSettings): void {
    const format = audioFormatOf(settings);
    const before = audioFormatOf(this.#settings);
    this.#settings = settings;
    if (format.encoding !== before.encoding || format.rateHz !== before.rateHz) {
      this.flush();
      this.#reader = new AudioReader(format);
    }
    const options = this.#sessionOptions;
    this.#items.hearsTurns = options.turn.type !== 'manual';
    this.#socket.session.change(options);
  }

  #tell(news: RealtimeNews): void {
    this.#socket.send(this.#withId(news));
  }

  #withId(news: RealtimeNews): object {
    this.#events += 1;
    return { event_id: `event_${this.#events}`, ...news };
  }
}

function isAppend(message: unknown): message is Extract<RealtimeClientEvent, { type: 'input_audio_buffer.append' }> {
  const { type, audio } = (message ?? {}) as { readonly type?: unknown; readonly audio?: unknown };
  return type === 'input_audio_buffer.append' && typeof audio === 'string';
}

function eventIdOf(message: unknown): string | null {
  const id = (message as { readonly event_id?: unknown } | null)?.event_id;
  return typeof id === 'string' ? id.slice(0, 512) : null;
}

/** The session in the flat shape of the beta. */
function betaSession(
  { id, audio }: ReturnType<typeof describeSession>,
  given: Extract<RealtimeClientEvent, { type: 'transcription_session.update' }>['session'],
) {
  const { transcription, turn_detection, noise_reduction } = audio.input;
  return {
    id,
    object: 'realtime.transcription_session',
    input_audio_format: given.input_audio_format ?? 'pcm16',
    input_audio_transcription: transcription,
    turn_detection,
    input_audio_noise_reduction: noise_reduction ?? null,
  };
}
