import type { SessionEvent, SessionEventBody } from '@eloquence/shared/contracts/events';
import type { Gap, SilentSource } from '@eloquence/shared/contracts/meeting';
import type { AudioResponse, Coverage, SourceReport } from '@eloquence/shared/contracts/meeting-api';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { mergeSpans, openGaps, type Interval } from '@eloquence/shared/runtime/spans';
import type { Session, SessionTokenResponse } from '@eloquence/shared/contracts/sessions';
import { flacCodec } from '../../spool/flac.ts';
import { FRAME_MS, type Frame } from '../../capture/source.ts';
import { Carried } from '../../room/carried.ts';
import type { LivekitLinkOptions } from '../../room/livekit-link.ts';
import type { RoomLink, RoomState } from '../../room/room-link.ts';
import type { Abortable, AudioPiece, RecordingApi, SourceId } from '../recording.ts';

/** How far the text is behind the sound in the fake room, ms. */
const BEHIND_MS = 300;

/** A meeting as its server knows it: what was heard by which way, and what was said of sources. In memory, on the real clock. */
export class FakeMeeting implements RecordingApi {
  startedMs = Date.now();
  /** False: nobody has come, and the clock stands. */
  started = true;
  readonly spans: { speaker: string; start_ms: number; end_ms: number }[] = [];
  /** Sound by speaker, sample by sample: how often each ms was heard, and its first sample. */
  readonly heard = new Map<string, Map<number, number[]>>();
  readonly pieces: (Interval & { readonly speaker: string })[] = [];
  readonly silent: SilentSource[] = [];
  readonly gaps: Gap[] = [];
  readonly states: string[] = [];
  ended = false;
  away = false;
  /** How long a piece of sound is being heard before the answer, ms. */
  hearingMs = 0;
  /** Pieces that have come, heard to their end or not. */
  received = 0;
  #events: SessionEvent[] = [];
  #reported = 0;

  say(body: SessionEventBody): void {
    this.#events = [...this.#events, { ...body, seq: this.#events.length + 1, session_id: 'ses_aaaaaaaaaaaaaaaaaaaa' }];
  }

  get nowMs(): number {
    return Date.now() - this.startedMs;
  }

  /** A frame that came through the room. */
  hear(speaker: string, frame: Frame): void {
    const start = Math.round(frame.atMs - this.startedMs);
    this.#note(speaker, start, frame.pcm);
    this.spans.push({ speaker, start_ms: Math.max(0, start), end_ms: Math.max(0, start + FRAME_MS) });
  }

  session(): Promise<Session> {
    return this.#answer({} as Session);
  }

  token(): Promise<SessionTokenResponse> {
    if (this.ended) return Promise.reject(new AppError('session_ended', 'ended'));
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    return this.#answer({
      livekit_url: 'ws://x',
      livekit_token: 'x',
      token_expires_at: expires,
      events_url: '/',
      speaker: 'paul',
    });
  }

  async setRecording(state: 'paused' | 'recording'): Promise<void> {
    await this.#answer(undefined);
    this.states.push(state);
    const type = state === 'paused' ? 'recording.paused' : 'recording.continued';
    this.say({ type, at: new Date().toISOString(), at_ms: this.nowMs });
  }

  coverage(): Promise<Coverage> {
    const spans = mergeSpans(this.spans.filter(({ end_ms }) => end_ms <= this.nowMs - BEHIND_MS || this.#reported > 0));
    return this.#answer({
      session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
      spans,
      gaps: openGaps(this.gaps, spans),
      now_ms: this.started ? this.nowMs : null,
    });
  }

  async begin(agoMs: number): Promise<void> {
    await this.#answer(undefined);
    this.started = true;
    this.startedMs = Date.now() - agoMs;
  }

  /** As over a connection: who gives up waiting does not take back what was sent. */
  sendAudio(piece: AudioPiece, { signal }: Abortable): Promise<AudioResponse> {
    signal.throwIfAborted();
    const gaveUp = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => gaveUp.reject(signal.reason), { once: true });
    const heard = this.#hearPiece(piece);
    heard.catch(() => undefined);
    return Promise.race([heard, gaveUp.promise]);
  }

  async #hearPiece(piece: AudioPiece): Promise<AudioResponse> {
    await this.#answer(undefined);
    this.received += 1;
    if (this.hearingMs > 0) await delay(this.hearingMs);
    if (this.ended) throw new AppError('session_ended', 'ended');
    const pcm = (await flacCodec()).decode(piece.body);
    const span = {
      speaker: piece.speaker,
      start_ms: piece.startMs,
      end_ms: piece.startMs + Math.round(pcm.length / 16),
    };
    this.#note(piece.speaker, piece.startMs, pcm);
    this.pieces.push(span);
    this.spans.push(span);
    return { utterances: [], span };
  }

  async reportSources(report: SourceReport): Promise<void> {
    await this.#answer(undefined);
    this.silent.push(...report.silent);
    this.gaps.push(...report.gaps);
  }

  async end(): Promise<void> {
    await this.#answer(undefined);
    this.ended = true;
  }

  async *events(afterSeq: number, { signal }: Abortable): AsyncGenerator<SessionEvent> {
    for (let at = afterSeq; !signal.aborted && !(this.ended && at === this.#events.length);) {
      await this.#answer(undefined);
      for (const event of this.#events.slice(at)) {
        at = event.seq;
        yield event;
      }
      await delay(20, signal).catch(() => undefined);
    }
  }

  summaryLine(index: number): Promise<string | null> {
    return this.#answer(`summary ${index}`);
  }

  #answer<T>(value: T): Promise<T> {
    if (this.away) return Promise.reject(new AppError('unavailable', 'The server is away.'));
    return Promise.resolve(value);
  }

  #note(speaker: string, startMs: number, pcm: Int16Array): void {
    const of = this.heard.get(speaker) ?? new Map<number, number[]>();
    this.heard.set(speaker, of);
    for (let ms = 0; ms < pcm.length / 16; ms += 1)
      of.set(startMs + ms, [...(of.get(startMs + ms) ?? []), pcm[ms * 16]!]);
  }
}

/** A room whose scribe hears at once what is sent while the server is there. */
export class FakeRoom implements RoomLink {
  readonly #meeting: FakeMeeting;
  readonly #options: LivekitLinkOptions;
  readonly #carried = new Map<SourceId, Carried>();
  #joined = false;

  constructor(meeting: FakeMeeting, options: LivekitLinkOptions) {
    this.#meeting = meeting;
    this.#options = options;
  }

  get state(): RoomState {
    return this.#joined && !this.#meeting.away
      ? { kind: 'connected', scribe: true }
      : { kind: 'away', problem: 'away' };
  }

  send(source: SourceId, frame: Frame): boolean {
    if (this.state.kind !== 'connected') return false;
    this.#meeting.hear(source === 'me' ? 'paul' : `paul.${source}`, frame);
    const carried = this.#carried.get(source) ?? new Carried();
    this.#carried.set(source, carried);
    carried.add(frame.atMs, frame.atMs + FRAME_MS);
    return true;
  }

  carried(source: SourceId): readonly Interval[] {
    return this.#carried.get(source)?.intervals ?? [];
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!this.#joined) await this.#join(signal);
      if (this.#meeting.away) this.#joined = false;
      await delay(20, signal).catch(() => undefined);
    }
  }

  async #join(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.token({ signal });
      this.#joined = true;
    } catch (error) {
      if (error instanceof AppError && !error.retryable) this.#options.onRefused(error);
    }
  }
}
