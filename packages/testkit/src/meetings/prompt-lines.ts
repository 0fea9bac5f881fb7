import type { UtteranceId } from '@eloquence/shared/contracts/ids';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { ChatBody } from '../vendors/chat-answer.ts';
import type { PlantedMeeting } from './planted-meeting.ts';

/** A line of `<transcript>` or `<already_counted>`, and the utterance that it shows. */
export interface TranscriptLine {
  /** Below 1: said before, shown to make sense of the others. */
  readonly position: number;
  readonly timeMs: number;
  readonly text: string;
  readonly utterance: Utterance;
}

/** A line of `<open_items>` or `<items>`. */
export interface ItemLine {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  /** Given in `<items>`, ms. */
  readonly timeMs: number | null;
}

/** What a request asks for, as contracts/meeting-llm.ts lays it out. */
export type Asked =
  | {
      readonly of: 'chunk';
      readonly meeting: PlantedMeeting;
      readonly lines: readonly TranscriptLine[];
      readonly openItems: readonly ItemLine[];
    }
  | {
      readonly of: 'report';
      readonly items: readonly ItemLine[];
      /** What the first message asks for; undefined: all of it. */
      readonly part: 'summary' | 'chapters' | undefined;
    }
  | { readonly of: 'other'; readonly text: string };

const LINE = /^\[(-?\d+)\] (\d+):(\d\d):(\d\d) (.*)$/;
const ITEM = /^\[(c\d+-[a-z]\d+)\] (?:(\d+):(\d\d):(\d\d) )?([a-z_]+)\b[^:]*: (.*)$/;

/** Where a prompt says which part of the answer it wants. */
const PART = /(?:ta partie est|your part is) "(summary|chapters)"/i;

/** Letters and digits, so that white space and signs that a prompt writes otherwise make no difference. */
export const bare = (text: string): string =>
  text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '');

/** Reads requests about meetings that it knows. */
export class PromptReader {
  readonly #utterances = new Map<string, { readonly meeting: PlantedMeeting; readonly utterance: Utterance }[]>();
  /** Lines that show nothing anybody said: a fault of the prompt. */
  readonly strangeLines: string[] = [];

  constructor(meetings: readonly PlantedMeeting[]) {
    for (const meeting of meetings)
      for (const utterance of meeting.utterances) {
        const key = bare(utterance.text);
        this.#utterances.set(key, [...(this.#utterances.get(key) ?? []), { meeting, utterance }]);
      }
  }

  read(body: ChatBody): Asked {
    const text = textOf(body.messages?.at(-1)?.content);
    const transcript = between(text, 'transcript');
    if (transcript !== undefined) {
      const earlier = between(text, 'already_counted') ?? '';
      return this.#chunk(`${earlier}\n${transcript}`, between(text, 'open_items') ?? '', text);
    }
    const items = between(text, 'items');
    if (items === undefined) return { of: 'other', text };
    const part = PART.exec(textOf(body.messages?.[0]?.content))?.[1];
    return {
      of: 'report',
      items: itemLines(items),
      part: part === 'summary' || part === 'chapters' ? part : undefined,
    };
  }

  #chunk(transcript: string, openItems: string, text: string): Asked {
    const found = transcript.split('\n').map((line) => this.#find(line));
    // Short words are said in every meeting, at the same time in several; the longest line tells which one this is.
    const [longest] = found.flat().toSorted((one, other) => other.text.length - one.text.length);
    if (!longest) return { of: 'other', text };
    const { meeting } = longest;
    const lines = found.flatMap((shown) => shown.find((line) => line.meeting === meeting) ?? []);
    return { of: 'chunk', meeting, lines, openItems: itemLines(openItems) };
  }

  /** What a line may show: in each meeting where it was said then, the nearest. */
  #find(line: string): (TranscriptLine & { meeting: PlantedMeeting })[] {
    const [, position, hours, minutes, seconds, rest = ''] = LINE.exec(line.trim()) ?? [];
    if (position === undefined) return [];
    const timeMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    const colons = [...rest.matchAll(/: /g)].map(({ index }) => index);
    for (const colon of colons) {
      const text = rest.slice(colon + 2);
      const near = (this.#utterances.get(bare(text)) ?? [])
        .map((one) => ({ ...one, apart: Math.abs(one.utterance.start_ms - timeMs) }))
        .filter(({ apart }) => apart < 2_000)
        .toSorted((one, other) => one.apart - other.apart);
      if (near.length > 0) return near.map((one) => ({ position: Number(position), timeMs, text, ...one }));
    }
    this.strangeLines.push(line);
    return [];
  }
}

/** Utterances of lines by id. */
export const linesById = (lines: readonly TranscriptLine[]): ReadonlyMap<UtteranceId, TranscriptLine> =>
  new Map(lines.map((line) => [line.utterance.utterance_id, line]));

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { readonly text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}

/** From the first opening tag to the last closing one: somebody may have said a tag. */
function between(text: string, tag: string): string | undefined {
  const start = text.indexOf(`<${tag}>`);
  const end = text.lastIndexOf(`</${tag}>`);
  return start < 0 || end < start ? undefined : text.slice(start + tag.length + 2, end);
}

function itemLines(text: string): ItemLine[] {
  return text.split('\n').flatMap((line) => {
    const [, id, hours, minutes, seconds, kind = '', words = ''] = ITEM.exec(line.trim()) ?? [];
    if (id === undefined) return [];
    const timeMs = hours === undefined ? null : (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return [{ id, kind, text: words, timeMs }];
  });
}
