import type { Readable } from 'node:stream';
import type { AudioResponse } from '@eloquence/shared/contracts/meeting-api';
import { createSessionRequestSchema, type Session, type Utterance } from '@eloquence/shared/contracts/sessions';
import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { eventTime, type EventLog } from '@eloquence/shared/runtime/event-log';
import { mergeIntervals, subtractIntervals, type Interval } from '@eloquence/shared/runtime/spans';
import type { Presence } from '../livekit/presence.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { GatewayTranscriber } from './gateway-transcriber.ts';
import { requireOpenMeeting } from './require-open-meeting.ts';
import type { Sound } from './coverage.ts';
import type { SoundReader } from './sound-reader.ts';
import { tokensOf, UtteranceCutter, utteranceOf, type Token } from './utterance-cutter.ts';

export interface SoundUploadDeps {
  readonly store: SessionStore;
  readonly facts: SessionFacts;
  readonly presence: Presence;
  readonly events: EventLog;
  readonly sounds: SoundReader;
  readonly transcriber: GatewayTranscriber;
  /** How often it is looked whether the meeting still goes on, ms. */
  readonly checkMs?: number;
}

export interface SoundToRead {
  readonly session: Session;
  readonly speaker: string;
  readonly startMs: number;
  /** What to call a speaker nobody has seen yet. */
  readonly name: string | undefined;
  readonly body: Readable;
  readonly contentType: string | undefined;
  readonly contentLength: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly doneS: number;
  /** undefined when the file does not say how long it is. */
  readonly totalS: number | undefined;
  readonly utterances: number;
}

/** An empty room is no reason to end a meeting for so long after sound of it came; renewed while it is read. */
const HOLD_MS = 60_000;
const CHECK_MS = 10_000;
/** No clock of a sender is this far ahead. A recording may be: it is read faster than it was spoken. */
const MAX_AHEAD_MS = 24 * 3_600_000;
/** Requests that wait for another of the same speaker. */
const MAX_WAITING = 8;
const optionsSchema = createSessionRequestSchema.shape.options.unwrap();

/**
 * Puts recordings of what one speaker said into the log of a meeting. What was heard of them already (in the room, or sent before) is
 * left out, so a sender that is not sure whether its sound arrived sends it again.
 */
export class SoundUpload {
  readonly #deps: SoundUploadDeps;
  readonly #stop = new AbortController();
  readonly #queues = new Map<string, { last: Promise<unknown>; waiting: number }>();

  constructor(deps: SoundUploadDeps) {
    this.#deps = deps;
  }

  /**
   * Reads a recording to its end. Requests of one speaker are read one after the other, because what one says, the next has to
   * leave out.
   *
   * @throws AppError `session_ended`, `not_found` (also meanwhile), `invalid_request`, `overloaded`, the gateway's refusals of the
   *   recording, `unavailable`; the signal's reason when aborted
   */
  async read(sound: SoundToRead): Promise<AudioResponse> {
    const key = `${sound.session.session_id} ${sound.speaker}`;
    const queue = this.#queues.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= MAX_WAITING) {
      throw new AppError('overloaded', 'More of this speaker is still being read. Keep it and send it again.', {
        retryAfterS: 5,
      });
    }
    this.#queues.set(key, queue);
    queue.waiting += 1;
    const turn = queue.last.then(() => this.#readAlone(sound));
    queue.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#queues.delete(key);
    }
  }

  /** Ends what is being read: senders are told to come again. */
  stop(): void {
    this.#stop.abort(
      new AppError('unavailable', 'The service is being stopped. Keep the sound and send it again.', {
        retryAfterS: 5,
      }),
    );
  }

  async #readAlone(sound: SoundToRead): Promise<AudioResponse> {
    sound.signal.throwIfAborted();
    const { store, facts, presence } = this.#deps;
    const id = sound.session.session_id;
    const stop = new ChildAbort(this.#stop.signal);
    const signal = AbortSignal.any([sound.signal, stop.signal]);
    await presence.hold(id, HOLD_MS);
    const check = setInterval(() => {
      presence.hold(id, HOLD_MS).catch(() => undefined);
      requireOpenMeeting({ store, facts }, id).catch((error: unknown) => {
        if (error instanceof AppError && !error.retryable) stop.abort(error);
      });
    }, this.#deps.checkMs ?? CHECK_MS);
    try {
      return await this.#readHeld({ ...sound, signal });
    } finally {
      clearInterval(check);
      stop[Symbol.dispose]();
    }
  }

  async #readHeld(sound: SoundToRead): Promise<AudioResponse> {
    const { store, facts, sounds, transcriber } = this.#deps;
    const atMs = Date.now();
    const session = await requireOpenMeeting({ store, facts }, sound.session.session_id);
    const id = session.session_id;
    const before = await sounds.sound(session, atMs);
    const said = await sounds.said(id, sound.speaker);
    requireNotAhead(sound.startMs, { session, before, atMs });
    const options = optionsSchema.parse(await store.options(id));
    const { body, contentType, contentLength, signal } = sound;
    const media = { body, contentType, contentLength, language: session.language, keyterms: options.keyterms ?? [] };
    const scribe = new Scribe(this.#deps, sound, leftOut(sound.speaker, before, said));
    for await (const event of transcriber.transcribe({ ...media, signal })) {
      await scribe.begin(session, atMs);
      if (event.type === 'transcript.text.delta') await scribe.hear(tokensOf(event, sound.startMs));
      else if (event.type === 'transcript.progress') scribe.tell(event.seconds_done, event.seconds_total);
      else {
        const span = { start_ms: sound.startMs, end_ms: sound.startMs + Math.round(event.duration * 1000) };
        await scribe.finish(subtractIntervals([span], before.pauses));
        return { utterances: await this.#utterancesIn(sound, span), span: { speaker: sound.speaker, ...span } };
      }
    }
    throw new AppError('internal', 'The transcription ended without an end.');
  }

  /** Ids of what the speaker says in the span, also when it was said before. */
  async #utterancesIn({ session, speaker }: SoundToRead, span: Interval): Promise<AudioResponse['utterances']> {
    const said = await this.#deps.sounds.said(session.session_id, speaker);
    return said
      .filter(({ start_ms, end_ms }) => isIn((start_ms + end_ms) / 2, [span]))
      .map(({ utterance_id }) => utterance_id);
  }
}

/** Writes one recording into the log, word by word. */
class Scribe {
  readonly #deps: SoundUploadDeps;
  readonly #sound: SoundToRead;
  readonly #known: readonly Interval[];
  readonly #cutter = new UtteranceCutter();
  #begun = false;
  #utterances = 0;

  constructor(deps: SoundUploadDeps, sound: SoundToRead, known: readonly Interval[]) {
    this.#deps = deps;
    this.#sound = sound;
    this.#known = known;
  }

  /** Says, before the first words, that the meeting has started and who this is, unless that is known. */
  async begin(session: Session, atMs: number): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    const { events, sounds } = this.#deps;
    const { speaker, name } = this.#sound;
    const id = session.session_id;
    if (session.started_at === null) {
      await events.append(id, { type: 'session.started', at: eventTime(new Date(atMs)) });
    }
    if (await sounds.isKnown(id, speaker)) return;
    await events.append(id, {
      type: 'participant.joined',
      at: eventTime(),
      identity: speaker,
      kind: 'person',
      speaker,
      ...(name !== undefined && { name }),
    });
  }

  async hear(tokens: readonly Token[]): Promise<void> {
    for (const token of tokens) {
      if (isIn((token.start_ms + token.end_ms) / 2, this.#known)) continue;
      for (const utterance of this.#cutter.push(token)) await this.#say(utteranceOf(utterance, this.#by));
    }
  }

  tell(doneS: number, totalS: number | undefined): void {
    this.#sound.onProgress({ doneS, totalS, utterances: this.#utterances });
  }

  /** The last words, and then what was heard: in this order, so that a crash leaves nothing out. */
  async finish(spans: readonly Interval[]): Promise<void> {
    const { speaker, session } = this.#sound;
    for (const utterance of this.#cutter.flush()) await this.#say(utteranceOf(utterance, this.#by));
    if (spans.length === 0) return;
    await this.#deps.events.append(session.session_id, {
      type: 'audio.transcribed',
      at: eventTime(),
      spans: spans.map((span) => ({ speaker, ...span })),
    });
  }

  get #by() {
    const { session, speaker, startMs } = this.#sound;
    return { sessionId: session.session_id, speaker, offsetMs: startMs };
  }

  async #say(utterance: Utterance): Promise<void> {
    this.#sound.signal.throwIfAborted();
    await this.#deps.events.append(this.#sound.session.session_id, {
      type: 'utterance.final',
      at: eventTime(),
      utterance,
    });
    this.#utterances += 1;
  }
}

/**
 * Where words of this speaker are not wanted: in what was heard of them; in what they are on record with, because a request that
 * broke off had not come to saying how far it heard; and where people had paused the recording, whatever a sender kept.
 */
function leftOut(speaker: string, { spans, pauses }: Sound, said: readonly Interval[]): Interval[] {
  return mergeIntervals([...spans.filter((span) => span.speaker === speaker), ...said, ...pauses]);
}

/** @param intervals merged */
function isIn(ms: number, intervals: readonly Interval[]): boolean {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle]?.end_ms ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  const next = intervals[low];
  return next !== undefined && next.start_ms <= ms;
}

function requireNotAhead(
  startMs: number,
  { session, before, atMs }: { readonly session: Session; readonly before: Sound; readonly atMs: number },
): void {
  const runsMs = session.started_at === null ? 0 : atMs - Date.parse(session.started_at);
  const heardMs = Math.max(0, ...before.spans.map((span) => span.end_ms));
  const nowMs = Math.max(runsMs, heardMs);
  if (startMs <= nowMs + MAX_AHEAD_MS) return;
  throw new AppError(
    'invalid_request',
    `start_ms ${startMs} lies far in the future: the meeting is at ${nowMs} ms. Times count from its started_at.`,
  );
}
