import { ChildAbort, delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { reconnectPolicy, retryDelayMs } from '@eloquence/shared/runtime/retry';
import { FRAME_MS } from '../capture/source.ts';
import { SilenceWatch } from '../capture/silence-watch.ts';
import type { RoomLink } from '../room/room-link.ts';
import { openScreen, type Screen } from '../screen/screen.ts';
import type { Phase, ScreenEvent, ScreenState } from '../screen/screen-state.ts';
import type { Spool } from '../spool/spool.ts';
import { Alarms } from './alarms.ts';
import { Deliverer, type LookOptions } from './deliverer.ts';
import type { RecorderParts } from './recorder.ts';
import type { RecordingOptions, RecordingResult, SourceId } from './recording.ts';
import { ServerNotes } from './server-notes.ts';
import { SessionClock } from './session-clock.ts';
import { SessionFollower } from './session-follower.ts';
import { SourcePump } from './source-pump.ts';
import { StopRequest } from './stop-request.ts';

const MAX_DURATION_MS = 4 * 3_600_000;
const FLUSH_TIMEOUT_MS = 60_000;
/** Stopping never waits longer than so many times that, even while it gets on. */
const MAX_FLUSHES = 20;
const SILENT_AFTER_MS = 30_000;
const LOOK_MS = 5_000;
const LAST_LOOKS_MS = 1_000;
const TICK_MS = 1_000;
/** Sound finds room again: a loss is over after so long. */
const LOSS_OVER_MS = 3_000;
/** After the sound has stopped the scribe writes its last words: up to 10 s, and a look more. */
const LAST_WORDS_MS = 14_000;
/** Something plays while nothing is heard: asked so often, ticks. */
const PLAYING_TICKS = 3;

/** One recording, from the first frame until the server has heard the last. */
export class RecordingRun {
  readonly #options: RecordingOptions;
  readonly #parts: RecorderParts;
  readonly #spool: Spool;
  readonly #clock = new SessionClock();
  readonly #notes: ServerNotes;
  readonly #deliverer: Deliverer;
  readonly #follower: SessionFollower;
  readonly #alarms: Alarms;
  readonly #startedMs = Date.now();
  #pumps: SourcePump[] = [];
  #room: RoomLink | undefined;
  #screen: Screen | undefined;
  #person: string | undefined;
  #phase: Phase = 'starting';
  #pausedSinceMs: number | undefined;
  #pausedMs = 0;
  /** Neither the disk took it nor the room. */
  #lostMs = 0;
  #serverThere = true;
  #lastSummary: string | null = null;
  #told = new Map<string, boolean>();

  constructor(options: RecordingOptions, parts: RecorderParts, spool: Spool) {
    this.#options = options;
    this.#parts = parts;
    this.#spool = spool;
    this.#notes = new ServerNotes(options.api);
    this.#deliverer = new Deliverer({
      api: options.api,
      spool,
      clock: this.#clock,
      speakerOf: (source) => this.#speakerOf(source),
      carried: (source) => this.#room?.carried(source) ?? [],
    });
    this.#alarms = new Alarms({
      watch: new SilenceWatch({
        afterMs: options.silentAfterMs ?? SILENT_AFTER_MS,
        threshold: options.silenceThreshold ?? 0,
      }),
      toSession: (localMs) => this.#clock.toSession(localMs),
      report: (source, startMs, endMs) => this.#reportSilent(source, startMs, endMs),
      onEvent: (event) => this.#screen?.event(event),
    });
    this.#follower = new SessionFollower(options.api, {
      onEnded: (reason) => this.#stop?.because(reason === 'max_duration' ? 'max_duration' : 'ended_elsewhere'),
      onRecording: (state, atMs) => this.#hearState(state, atMs),
      onSummary: (line) => this.#summary(line),
    });
  }

  #stop: StopRequest | undefined;

  async run(): Promise<RecordingResult> {
    using stop = new StopRequest(this.#options.signal);
    this.#stop = stop;
    if (this.#options.deliverOnly) stop.because('delivered');
    using background = new ChildAbort(stop.abandoned);
    using screen = openScreen({
      kind: this.#options.screen,
      language: this.#options.language,
      state: () => this.#view(),
      onPause: () => this.#togglePause(),
      onStop: stop.byPerson,
    });
    this.#screen = screen;
    const loops: Promise<void>[] = [];
    try {
      if (!this.#options.deliverOnly) await this.#capture(stop, background, loops);
      const reason = await stop.requested;
      const outcome = await this.#finish(reason, stop);
      return this.#result(outcome === 'abandoned' ? outcome : reason);
    } finally {
      background.abort();
      await Promise.all(loops);
    }
  }

  /** Records until somebody asks to stop. */
  async #capture(stop: StopRequest, background: ChildAbort, loops: Promise<void>[]): Promise<void> {
    using capturing = new ChildAbort(background.signal);
    this.#spool.startRun(Date.now());
    const ids = (['them', 'me'] as const).filter((id) => this.#options.devices?.[id] !== null);
    if (ids.length === 0)
      throw new AppError('invalid_request', 'Aucune source à enregistrer. / There is no source to record.');
    this.#room = this.#parts.openRoom({
      sources: ids,
      token: async ({ signal }) => {
        await this.#deliverer.begin(signal);
        return this.#token(signal);
      },
      onRefused: (error) => this.#refused(error, stop),
    });
    this.#pumps = ids.map((id) => this.#pump(id));
    const pumping = this.#pumps.map((pump) => pump.run(capturing.signal));
    for (const pump of pumping) pump.catch(() => stop.because('stopped'));
    try {
      await Promise.race([Promise.all(this.#pumps.map(({ started }) => started)), stop.requested]);
    } catch (error) {
      // One source is there and the other is not: no recording, and its first moment is none either.
      capturing.abort();
      await Promise.allSettled(pumping);
      await this.#spool.forgetRun();
      throw error;
    }
    try {
      this.#phase = 'recording';
      const devices = Object.fromEntries(this.#pumps.map(({ source }) => [source.id, source.describe()]));
      this.#screen?.event({ type: 'started', devices });
      using inRoom = new ChildAbort(background.signal);
      const room = this.#room.run(inRoom.signal);
      const delivering = this.#deliver(capturing.signal, background.signal);
      loops.push(delivering, this.#follower.run(background.signal), this.#tick(capturing.signal, stop));
      await stop.requested;
      this.#phase = 'finishing';
      capturing.abort();
      await Promise.all(pumping);
      inRoom.abort();
      await room;
      // Two that look at once would both send what neither knows the other is sending.
      await delivering;
    } finally {
      capturing.abort();
      await Promise.allSettled(pumping);
      this.#endPause();
    }
  }

  #pump(id: SourceId): SourcePump {
    return new SourcePump({
      source: this.#parts.openSource({
        id,
        device: this.#options.devices?.[id] ?? undefined,
        language: this.#options.language,
      }),
      isPaused: () => this.#pausedSinceMs !== undefined,
      onFrame: (source, frame) => {
        const refusedMs = this.#spool.refusedMs;
        this.#spool.append(source, frame);
        const isCarried = this.#room?.send(source, frame) ?? false;
        if (!isCarried) this.#lostMs += this.#spool.refusedMs - refusedMs;
      },
      onGap: (source, startMs, endMs) => this.#reportGap([source], 'sender_away', startMs, endMs),
    });
  }

  /** Looks every 5 s at what the server has heard, more often while there is something to send. */
  async #deliver(signal: AbortSignal, giveUp: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const more = await this.#look({ signal, giveUp, isFinal: false, send: true });
      failures = more === 'away' ? failures + 1 : 0;
      const waitMs = more === 'away' ? retryDelayMs(reconnectPolicy, failures) : more ? 100 : LOOK_MS;
      await delay(waitMs, signal).catch(() => undefined);
    }
  }

  async #look(options: LookOptions): Promise<boolean | 'away'> {
    try {
      const more = await this.#deliverer.look(options);
      await this.#notes.flush(options.signal).catch(() => undefined);
      this.#serverThere = true;
      return more;
    } catch (error) {
      if (options.signal.aborted) return false;
      this.#serverThere = error instanceof AppError && !error.retryable;
      return 'away';
    }
  }

  async #tick(signal: AbortSignal, stop: StopRequest): Promise<void> {
    for (let n = 0; !signal.aborted; n += 1) {
      await delay(TICK_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      this.#tell();
      this.#reportLost(Date.now() - LOSS_OVER_MS);
      if (Date.now() - this.#startedMs >= (this.#options.maxDurationMs ?? MAX_DURATION_MS))
        stop.because('max_duration');
      const heard = new Map(this.#pumps.map((pump) => [pump.source.id, pump.takeHeard()]));
      if (this.#pausedSinceMs !== undefined) {
        this.#alarms.rest();
        continue;
      }
      const them = this.#pumps.find(({ source }) => source.id === 'them')?.source;
      const ask = them && heard.get('them')?.peak === 0 && n % PLAYING_TICKS === 0;
      const playing = ask ? await them.playing(signal).catch(() => null) : null;
      this.#alarms.observe({ atMs: Date.now(), them: heard.get('them') ?? null, me: heard.get('me') ?? null, playing });
    }
  }

  /** Says once what has become so, and once when it is over. */
  #tell(): void {
    this.#edge('server', !this.#serverThere, { type: 'server_away' }, { type: 'server_back' });
    this.#edge('room', this.#room?.state.kind === 'connected', { type: 'room_connected' }, { type: 'room_away' });
    this.#edge('spool', this.#spool.full, { type: 'spool_full' }, { type: 'spool_room' });
    for (const { source } of this.#pumps) {
      const { state, problem } = source.health;
      const away = { type: 'source_away', source: source.id, problem: problem ?? '' } as const;
      this.#edge(source.id, state === 'away', away, { type: 'source_back', source: source.id });
    }
  }

  #edge(what: string, is: boolean, begins: ScreenEvent, ends: ScreenEvent): void {
    if ((this.#told.get(what) ?? false) === is) return;
    this.#told.set(what, is);
    this.#screen?.event(is ? begins : ends);
  }

  /** Waits until the server has heard everything, and ends the session. */
  async #finish(reason: RecordingResult['reason'], stop: StopRequest): Promise<'done' | 'abandoned'> {
    this.#phase = 'finishing';
    this.#spool.rotate();
    this.#alarms.finish();
    if (this.#person === undefined) await this.#token(stop.abandoned).catch(() => undefined);
    this.#reportLost(Infinity);
    const signal = stop.abandoned;
    // An ended session takes no more sound; its scribe may still be writing.
    const send = reason !== 'ended_elsewhere';
    await this.#settle({ signal, send, lastWordsMs: reason === 'delivered' ? 0 : LAST_WORDS_MS });
    if (signal.aborted) return 'abandoned';
    const isHeard = this.#deliverer.status.waitingMs === 0 && this.#serverThere;
    if (isHeard && send) await this.#options.api.end({ signal }).catch((error: unknown) => this.#noteRefusal(error));
    return 'done';
  }

  /** Looks until nothing is left, nothing gets on, or somebody has had enough. */
  async #settle(how: { signal: AbortSignal; send: boolean; lastWordsMs: number }): Promise<void> {
    const { signal, send, lastWordsMs } = how;
    const beganMs = Date.now();
    const timeoutMs = this.#options.flushTimeoutMs ?? FLUSH_TIMEOUT_MS;
    let leastMs = Infinity;
    let progressMs = beganMs;
    for (let n = 0; !signal.aborted; n += 1) {
      const isFinal = Date.now() - beganMs >= lastWordsMs;
      const more = await this.#look({ signal, giveUp: signal, isFinal, send });
      if (this.#isSettled(more, isFinal, send)) return;
      const { waitingMs } = this.#deliverer.status;
      if (waitingMs < leastMs) [leastMs, progressMs] = [waitingMs, Date.now()];
      if (Date.now() - progressMs > timeoutMs || Date.now() - beganMs > MAX_FLUSHES * timeoutMs) return;
      if (n % 5 === 0) this.#screen?.event({ type: 'finishing', waitingMs });
      await delay(more === true ? 0 : LAST_LOOKS_MS, signal).catch(() => undefined);
    }
  }

  #isSettled(more: boolean | 'away', isFinal: boolean, send: boolean): boolean {
    const { waitingMs, blocked } = this.#deliverer.status;
    if (blocked || (!send && isFinal)) return true;
    if (more === 'away') return false;
    return (this.#spool.bytes === 0 && this.#notes.pending === 0) || (!more && waitingMs === 0 && isFinal);
  }

  #result(reason: RecordingResult['reason']): RecordingResult {
    const left = this.#spool.segments();
    const undeliveredMs = left.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const droppedMs = this.#pumps.reduce((sum, { source }) => sum + source.health.droppedFrames * FRAME_MS, 0);
    return {
      reason,
      sources: this.#pumps.map(({ source, totals }) => ({
        source: source.id,
        speaker: this.#speakerOf(source.id) ?? source.id,
        ...totals,
        reopened: source.health.reopened,
      })),
      paused_s: this.#pausedMs / 1000,
      silent_alarms: this.#alarms.all,
      undelivered_bytes: this.#spool.bytes,
      undelivered_s: undeliveredMs / 1000,
      lost_s: (this.#lostMs + droppedMs) / 1000,
    };
  }

  async #token(signal: AbortSignal) {
    const grant = await this.#options.api.token({ signal });
    this.#person = grant.speaker ?? personOf(grant.livekit_token);
    return grant;
  }

  #speakerOf(source: SourceId): string | undefined {
    if (this.#person === undefined) return undefined;
    return source === 'me' ? this.#person : `${this.#person}.${source}`;
  }

  #refused(error: AppError, stop: StopRequest): void {
    if (error.code === 'session_ended' || error.code === 'not_found') stop.because('ended_elsewhere');
    else this.#edge('refused', true, { type: 'refused', problem: error.message }, { type: 'server_back' });
  }

  #noteRefusal(error: unknown): void {
    const ended = error instanceof AppError && error.code === 'session_ended';
    if (!ended) this.#screen?.event({ type: 'refused', problem: error instanceof Error ? error.message : '' });
  }

  #togglePause(): void {
    if (this.#phase === 'recording') {
      this.#notes.setRecording('paused');
      this.#pause();
    } else if (this.#phase === 'paused') {
      this.#notes.setRecording('recording');
      this.#goOn();
    } else return;
    void this.#notes.flush(this.#options.signal).catch(() => undefined);
  }

  /** Somebody else paused or went on, since this recording began. */
  #hearState(state: 'paused' | 'recording', atMs: number): void {
    const since = this.#clock.toSession(this.#startedMs);
    if (since === null || atMs < since || this.#notes.isEcho(state)) return;
    this.#notes.heardState(state);
    if (state === 'paused' && this.#phase === 'recording') this.#pause();
    if (state === 'recording' && this.#phase === 'paused') this.#goOn();
  }

  #pause(): void {
    this.#pausedSinceMs = Date.now();
    this.#phase = 'paused';
    this.#spool.rotate();
    this.#screen?.event({ type: 'paused' });
  }

  #goOn(): void {
    this.#endPause();
    this.#phase = 'recording';
    this.#screen?.event({ type: 'continued' });
  }

  #endPause(): void {
    if (this.#pausedSinceMs === undefined) return;
    const nowMs = Date.now();
    this.#pausedMs += nowMs - this.#pausedSinceMs;
    // The server knows a pause by the minute it was told of it; we know when it was.
    this.#reportGap(
      this.#pumps.map(({ source }) => source.id),
      'paused',
      this.#pausedSinceMs,
      nowMs,
    );
    this.#pausedSinceMs = undefined;
  }

  #summary(line: string): void {
    this.#lastSummary = line;
    this.#screen?.event({ type: 'summary', text: line });
  }

  #reportGap(sources: readonly SourceId[], reason: 'sender_away' | 'paused', startMs: number, endMs: number): void {
    const start_ms = this.#clock.toSession(startMs);
    const end_ms = this.#clock.toSession(endMs);
    const speakers = sources.flatMap((source) => this.#speakerOf(source) ?? []);
    if (start_ms === null || end_ms === null || speakers.length === 0) return;
    this.#notes.report({ gaps: speakers.map((speaker) => ({ speaker, start_ms, end_ms, reason })) });
  }

  /** What found no room on the disk is a gap wherever the room did not carry it. Kept until its place in the session is known. */
  #reportLost(beforeMs: number): void {
    if (this.#clock.current === null || this.#person === undefined) return;
    for (const { source, startMs, endMs } of this.#spool.takeLost(beforeMs))
      this.#reportGap([source], 'sender_away', startMs, endMs);
  }

  #reportSilent(source: SourceId, start_ms: number, end_ms: number | null): void {
    const speaker = this.#speakerOf(source);
    if (speaker !== undefined) this.#notes.report({ silent: [{ speaker, start_ms, end_ms }] });
  }

  #view(): ScreenState {
    return {
      name: this.#options.name,
      sessionId: this.#options.sessionId,
      phase: this.#phase,
      elapsedMs: Date.now() - this.#startedMs,
      pausedMs: this.#pausedMs,
      sources: this.#pumps.map((pump) => ({
        source: pump.source.id,
        device: pump.source.describe(),
        level: pump.takeLevel(),
        health: pump.source.health,
        alarmed: this.#alarms.isSilent(pump.source.id),
      })),
      room: this.#room?.state ?? { kind: 'connecting' },
      serverThere: this.#serverThere,
      waitingMs: this.#serverThere ? this.#deliverer.status.waitingMs : this.#onDiskMs(),
      spoolBytes: this.#spool.bytes,
      spoolFull: this.#spool.full,
      words: this.#follower.words,
      lastSummary: this.#lastSummary,
      clockAccuracyMs: this.#clock.current?.accuracy_ms ?? null,
      rssBytes: process.memoryUsage.rss(),
    };
  }

  #onDiskMs(): number {
    return this.#spool.segments().reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
}

/** Identities in rooms of meetings are `<person>~<random>`; the token says which one is ours. */
function personOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const sub = typeof claims === 'object' && claims !== null && 'sub' in claims ? claims.sub : undefined;
    return typeof sub === 'string' ? sub.split('~')[0] : undefined;
  } catch {
    return undefined;
  }
}
