import { createHash } from 'node:crypto';
import type { SessionId, UtteranceId } from '@eloquence/shared/contracts/ids';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { TranscriptionEvent } from '@eloquence/shared/contracts/transcriptions';

/** A word as it stands in the text, with what belongs to it (punctuation), and where it was heard, ms. */
export interface Token {
  readonly text: string;
  /** Without a space before it: "l'" + "eau". */
  readonly glued: boolean;
  readonly start_ms: number;
  readonly end_ms: number;
}

/** A silence that ends an utterance. */
const PAUSE_MS = 800;
/** From this length on the end of a sentence ends the utterance too: whoever looks up a quote wants to read a little around it. */
const ENOUGH_MS = 8_000;
/** None is longer: it is cut at its longest silence. */
const MAX_MS = 20_000;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

type Delta = Extract<TranscriptionEvent, { type: 'transcript.text.delta' }>;

/**
 * The words of one stretch of a recording on the session's clock, which the recording begins at `offsetMs` of. An engine that does
 * not time them has them spread over the stretch by their length: a seam with what was heard before then falls between words,
 * though not always the right ones where there were pauses.
 */
export function tokensOf(delta: Delta, offsetMs: number): Token[] {
  const toMs = (seconds: number): number => Math.max(0, offsetMs + Math.round(seconds * 1000));
  const text = delta.delta.trim();
  const timed = (delta.words ?? []).filter(({ word }) => word.trim() !== '');
  const words = timed.length > 0 ? timed : spread(text, delta.start ?? 0, delta.end ?? delta.start ?? 0);
  const places = placesOf(words, text);
  return words.map(({ word, start, end }, index) => {
    const at = places?.[index];
    const until = places?.[index + 1] ?? text.length;
    return {
      // Before the first word there may be a quotation mark.
      text: at === undefined ? word.trim() : text.slice(index === 0 ? 0 : at, until).trim(),
      glued: at !== undefined && index > 0 && !/\s/.test(text.charAt(at - 1)),
      start_ms: toMs(start),
      end_ms: Math.max(toMs(start), toMs(end)),
    };
  });
}

/** With the marks that French sets apart. */
const WORD = /\S+(?:\s+[^\p{L}\p{N}\s]+(?=\s|$))*/gu;

/** Words with a share of the stretch as long as they are written. */
function spread(text: string, start: number, end: number): NonNullable<Delta['words']> {
  const perLetter = (end - start) / Math.max(1, text.length);
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    word,
    start: start + index * perLetter,
    end: start + (index + word.length) * perLetter,
  }));
}

/** Where each word begins in the text; undefined when the text has other words. */
function placesOf(words: readonly { readonly word: string }[], text: string): number[] | undefined {
  const places: number[] = [];
  let from = 0;
  for (const { word } of words) {
    const at = text.indexOf(word.trim(), from);
    if (at < 0) return undefined;
    places.push(at);
    from = at + word.trim().length;
  }
  return places;
}

/** Cuts words that come in order into utterances: at pauses, at ends of sentences, and before they grow too long. */
export class UtteranceCutter {
  #open: Token[] = [];

  /** Utterances that are complete with this word. */
  push(token: Token): Token[][] {
    const done: Token[][] = [];
    const last = this.#open.at(-1);
    if (last && token.start_ms - last.end_ms >= PAUSE_MS) done.push(this.#take(this.#open.length));
    while (this.#open[0] && token.end_ms - this.#open[0].start_ms > MAX_MS) done.push(this.#take(this.#bestCut(token)));
    this.#open.push(token);
    const first = this.#open[0];
    if (first && token.end_ms - first.start_ms >= ENOUGH_MS && endsSentence(token.text)) {
      done.push(this.#take(this.#open.length));
    }
    return done;
  }

  /** What is left at the end. */
  flush(): Token[][] {
    return this.#open.length === 0 ? [] : [this.#take(this.#open.length)];
  }

  #take(count: number): Token[] {
    return this.#open.splice(0, count);
  }

  /** Before the word, not the first, with the longest silence before it; of equals the last, so that little is left over. */
  #bestCut(next: Token): number {
    const words = [...this.#open, next];
    let best = { at: this.#open.length, silenceMs: -1 };
    for (const [at, word] of words.entries()) {
      const before = words[at - 1];
      if (!before) continue;
      const silenceMs = word.start_ms - before.end_ms;
      if (silenceMs >= best.silenceMs) best = { at, silenceMs };
    }
    return best.at;
  }
}

const endsSentence = (text: string): boolean => /[.?!…]["»”’)]*$/.test(text) && !/^\p{L}\.$/u.test(text);

export interface Utterer {
  readonly sessionId: SessionId;
  readonly speaker: string;
  /** Where the recording begins, ms of the session's clock. */
  readonly offsetMs: number;
}

/** Words as an utterance. Its id follows from what it says, who says it and where: sent again it is the same one. */
export function utteranceOf(tokens: readonly Token[], by: Utterer): Utterance {
  const text = tokens.map((token, index) => (index === 0 || token.glued ? token.text : ` ${token.text}`)).join('');
  const start_ms = tokens[0]?.start_ms ?? by.offsetMs;
  return {
    utterance_id: utteranceIdOf([by.sessionId, by.speaker, by.offsetMs, start_ms, text]),
    speaker: by.speaker,
    role: 'user',
    text,
    start_ms,
    end_ms: Math.max(start_ms, ...tokens.map((token) => token.end_ms)),
    words: tokens.map((token) => ({ text: token.text, start_ms: token.start_ms, end_ms: token.end_ms })),
  };
}

function utteranceIdOf(parts: readonly (string | number)[]): UtteranceId {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return `utt_${[...digest.subarray(0, 16)].map((byte) => ALPHABET[byte & 31]).join('')}`;
}
