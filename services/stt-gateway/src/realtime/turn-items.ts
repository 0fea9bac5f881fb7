import type { RealtimeServerEvent } from '@eloquence/shared/contracts/stt-realtime';
import type { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionEvent, Transcript } from '../session/session-events.ts';

type WithoutId<Event> = Event extends unknown ? Omit<Event, 'event_id'> : never;
/** A server event before it gets its id. */
export type RealtimeNews = WithoutId<RealtimeServerEvent>;

export interface TurnItemsOptions {
  /** Begins the ids of the items. */
  readonly prefix: string;
  readonly tell: (news: RealtimeNews) => void;
}

/** A turn: what was said between two pauses, or between two commits, however many utterances the session made of it. */
interface Item {
  readonly id: string;
  /** speech_started was told, so speech_stopped is owed. */
  announced: boolean;
  /** What ended it: silence, or a commit of the client after `atS` seconds of audio, answered by a final of its own. */
  end: { readonly by: 'silence' } | { readonly by: 'client'; readonly atS: number; answered: boolean } | undefined;
  /** Utterances begun whose final has not come. */
  readonly pending: Set<number>;
  transcript: string;
  readonly languages: Set<string>;
  seconds: number;
  error: AppError | undefined;
  /** What deltas have told of the utterance now being heard, and whether they have told anything at all. */
  told: string;
  anyTold: boolean;
}

/** Commits of a client that wait for their text; more are refused. */
export const MAX_WAITING_COMMITS = 256;
/** Some two hours of speech without a pause. A turn of that length is ended as silence would end it. */
const MAX_TRANSCRIPT_CHARACTERS = 100_000;
/** Utterances of cleared turns whose finals may still come; the oldest is forgotten, and came long ago. */
const MAX_FORGOTTEN = 64;

type News<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/**
 * Session events -> conversation items. Items are completed in the order of speech. Deltas only ever add to what was told:
 * they hold what two decodes agreed on, and of a final what extends that. They are told of the oldest item only, so that
 * clients which keep one running text do not mix two turns.
 */
export class TurnItems {
  readonly #options: TurnItemsOptions;
  /** In the order of speech; those that are completed are gone. The last may be open. */
  readonly #items: Item[] = [];
  readonly #forgotten = new Set<number>();
  #count = 0;
  #previousId: string | null = null;
  /** False: nothing but commits ends a turn, and nothing is told of when speech starts and stops. */
  hearsTurns = true;
  /** True: items are announced in the words of the beta too. */
  beta = false;

  constructor(options: TurnItemsOptions) {
    this.#options = options;
  }

  /** Commits whose text has not come. */
  get waiting(): number {
    return this.#items.length;
  }

  on(event: SessionEvent): void {
    switch (event.type) {
      case 'speech.started':
        this.#started(event);
        break;
      case 'speech.ended':
        this.#ended(event);
        break;
      case 'transcript.interim': {
        const item = this.#itemOf(event.transcript.utterance);
        if (item) this.#extend(item, prefixOf(event.transcript.text, event.stableWords));
        break;
      }
      case 'transcript.final':
        this.#final(event);
        break;
      case 'utterance.lost': {
        const item = this.#itemOf(event.utterance);
        if (item) item.error = event.error;
        item?.pending.delete(event.utterance);
        break;
      }
      case 'utterance.ended':
        break;
    }
    this.#complete();
  }

  /** The client ends the turn after `atS` seconds of audio; the session must be told to finalize. */
  commit(atS: number): void {
    const item = this.#open ?? this.#begin();
    this.#stop(item, atS);
    item.end = { by: 'client', atS, answered: false };
    this.#tellCommitted(item);
  }

  /** Forgets the turn that is going on; the session must be told to discard. */
  clear(atS: number): void {
    const item = this.#open;
    if (item) this.#drop(item, atS);
    this.#options.tell({ type: 'input_audio_buffer.cleared' });
  }

  get #open(): Item | undefined {
    const last = this.#items.at(-1);
    return last?.end ? undefined : last;
  }

  #itemOf(utterance: number): Item | undefined {
    return this.#items.find((item) => item.pending.has(utterance));
  }

  #begin(): Item {
    this.#count += 1;
    const item: Item = {
      id: `item_${this.#options.prefix}${this.#count}`,
      announced: false,
      end: undefined,
      pending: new Set(),
      transcript: '',
      languages: new Set(),
      seconds: 0,
      error: undefined,
      told: '',
      anyTold: false,
    };
    this.#items.push(item);
    return item;
  }

  /** Where speech that begins at `atS` belongs: to a turn committed after it, to the open one, or to a new one. */
  #placeOf(atS: number): Item {
    const committed = this.#items.find(({ end }) => end?.by === 'client' && !end.answered && atS < end.atS);
    return committed ?? this.#open ?? this.#begin();
  }

  #started({ utterance, atS }: News<'speech.started'>): void {
    this.#answer(({ atS: committedS }) => committedS <= atS);
    const item = this.#placeOf(atS);
    item.pending.add(utterance);
    this.#announce(item, atS);
  }

  #ended({ utterance, atS, cause }: News<'speech.ended'>): void {
    const item = this.#itemOf(utterance);
    if (cause === 'discarded') item?.pending.delete(utterance);
    if (!item || item.end || cause === 'cut') return;
    if (cause === 'discarded') this.#drop(item, atS);
    else this.#endBySilence(item, atS);
  }

  #final({ transcript, pause, fromFinalize }: News<'transcript.final'>): void {
    const { utterance, startS, endS, text } = transcript;
    const answered = this.#answer(({ atS }) => atS <= startS);
    const forgotten = this.#forgotten.delete(utterance);
    const unannounced = !forgotten && text !== '';
    const item = this.#itemOf(utterance) ?? (unannounced ? this.#placeOf(startS) : undefined);
    if (item) {
      this.#announce(item, startS);
      this.#add(item, transcript);
      const full = item.transcript.length > MAX_TRANSCRIPT_CHARACTERS;
      const paused = pause && this.hearsTurns;
      if (!item.end && item.pending.size === 0 && (paused || full)) this.#endBySilence(item, endS);
    }
    if (!fromFinalize) return;
    // One answer is for one commit: that of the turn it belongs to, else the oldest that waits. The next turn may have
    // begun already, which has answered it.
    const own = item?.end?.by === 'client' ? item.end : undefined;
    const oldest = answered ? undefined : this.#items.find(({ end }) => end?.by === 'client' && !end.answered)?.end;
    this.#answer((end) => end === (own ?? oldest));
  }

  #add(item: Item, { utterance, startS, endS, text, language }: Transcript): void {
    this.#extend(item, text);
    item.told = '';
    item.transcript = [item.transcript, text].filter(Boolean).join(' ');
    item.seconds += endS - startS;
    if (language) item.languages.add(language);
    item.pending.delete(utterance);
  }

  /** Nothing more of the speech before these commits will come. @returns whether one of them was waiting */
  #answer(isAnswered: (end: { readonly atS: number }) => boolean): boolean {
    let any = false;
    for (const { end } of this.#items) {
      if (end?.by !== 'client' || end.answered || !isAnswered(end)) continue;
      end.answered = true;
      any = true;
    }
    return any;
  }

  #announce(item: Item, atS: number): void {
    if (!this.hearsTurns || item.announced || item.end) return;
    item.announced = true;
    this.#options.tell({ type: 'input_audio_buffer.speech_started', item_id: item.id, audio_start_ms: ms(atS) });
  }

  #stop(item: Item, atS: number): void {
    if (!item.announced) return;
    this.#options.tell({ type: 'input_audio_buffer.speech_stopped', item_id: item.id, audio_end_ms: ms(atS) });
  }

  #endBySilence(item: Item, atS: number): void {
    this.#stop(item, atS);
    item.end = { by: 'silence' };
    this.#tellCommitted(item);
  }

  #drop(item: Item, atS: number): void {
    this.#stop(item, atS);
    this.#items.splice(this.#items.indexOf(item), 1);
    for (const utterance of item.pending) this.#forgotten.add(utterance);
    for (const utterance of this.#forgotten) {
      if (this.#forgotten.size <= MAX_FORGOTTEN) return;
      this.#forgotten.delete(utterance);
    }
  }

  #tellCommitted({ id }: Item): void {
    const { tell } = this.#options;
    const previous_item_id = this.#previousId;
    this.#previousId = id;
    tell({ type: 'input_audio_buffer.committed', item_id: id, previous_item_id });
    const item = {
      id,
      object: 'realtime.item' as const,
      type: 'message' as const,
      status: 'completed' as const,
      role: 'user' as const,
      content: [{ type: 'input_audio' as const }],
    };
    if (this.beta) tell({ type: 'conversation.item.created', previous_item_id, item });
    tell({ type: 'conversation.item.added', previous_item_id, item });
    tell({ type: 'conversation.item.done', previous_item_id, item });
  }

  /** Tells what `text`, all that is known of the utterance now, adds to what was told of it. */
  #extend(item: Item, text: string): void {
    if (item !== this.#items[0] || !text.startsWith(item.told) || text.length === item.told.length) return;
    const between = item.told === '' && item.anyTold ? ' ' : '';
    const delta = between + text.slice(item.told.length);
    item.told = text;
    item.anyTold = true;
    this.#options.tell({ type: `${TRANSCRIPTION}.delta`, item_id: item.id, content_index: 0, delta });
  }

  #complete(): void {
    for (let item = this.#items[0]; item && isComplete(item); item = this.#items[0]) {
      this.#items.shift();
      this.#tellText(item);
    }
  }

  #tellText({ id: item_id, error, transcript, seconds, languages }: Item): void {
    const { tell } = this.#options;
    if (error) {
      const { code, message } = error;
      const type = error.fault === 'caller' ? 'invalid_request_error' : 'server_error';
      tell({ type: `${TRANSCRIPTION}.failed`, item_id, content_index: 0, error: { type, code, message } });
      // A part of the turn was lost; what is left of it is not.
      if (transcript === '') return;
    }
    tell({
      type: `${TRANSCRIPTION}.completed`,
      item_id,
      content_index: 0,
      transcript,
      ...(languages.size > 0 && { languages: [...languages].map((code) => ({ code })) }),
      usage: { type: 'duration', seconds: Math.round(seconds * 1000) / 1000 },
    });
  }
}

const TRANSCRIPTION = 'conversation.item.input_audio_transcription';

function isComplete({ end, pending }: Item): boolean {
  return end !== undefined && pending.size === 0 && (end.by === 'silence' || end.answered);
}

/** The text up to the last of its first words, with the spaces and marks between them. */
function prefixOf(text: Transcript['text'], words: readonly string[]): string {
  let end = 0;
  for (const word of words) {
    const at = text.indexOf(word, end);
    if (at < 0) return words.join(' ');
    end = at + word.length;
  }
  return text.slice(0, end);
}

const ms = (seconds: number) => Math.round(seconds * 1000);
