import { chunkAnswerSchema, synthesisAnswerSchema } from '@eloquence/shared/contracts/meeting-llm';
import type { ChatAnswer, ChatBody } from '../vendors/chat-answer.ts';
import { honestChunk, honestReport, noNotes, numberOf } from './honest-notes.ts';
import { inventedChunk, inventedReport } from './invented-notes.ts';
import type { PlantedMeeting } from './planted-meeting.ts';
import { PromptReader, type Asked } from './prompt-lines.ts';

/**
 * What a model is like. `honest`: notes what is there, in its own words · `lazy`: hardly anything, and no evidence · `inventing`: true
 * and false notes, and obeys the transcript · `truncating`: stops for length in the middle · `broken_json`, `prose`, `empty`, `other_shape`: no
 * answer of the schema.
 */
export type ModelMode =
  | 'honest'
  | 'lazy'
  | 'inventing'
  | 'truncating'
  | 'broken_json'
  | 'prose'
  | 'empty'
  | 'other_shape';

export interface ModelRequestSeen {
  readonly of: Asked['of'];
  /** Equal for equal requests. */
  readonly hash: number;
  /** Of a chunk: time of its first line, ms. */
  readonly startMs: number | null;
  readonly mode: ModelMode;
}

const CHARACTERS_PER_TOKEN = 4;
/** Text of a piece when nobody measures time. */
const FAST_PIECE = 400;

/**
 * A model that writes minutes of planted meetings. `chat` goes into a fake vendor (`FakeMistral`, `FakeOpenAi`: real proxy
 * between) or a {@link ModelServer}. The same request in the same mode gives the same answer.
 */
export class MeetingModel {
  mode: ModelMode = 'honest';
  /** Undefined: as fast as the wire. */
  tokensPerSecond: number | undefined;
  readonly seen: ModelRequestSeen[] = [];
  /** What a request or an answer had that it must not have. Tests expect none. */
  readonly faults: string[] = [];
  readonly #reader: PromptReader;
  readonly #meetings: readonly PlantedMeeting[];

  constructor(meetings: readonly PlantedMeeting[]) {
    this.#meetings = meetings;
    this.#reader = new PromptReader(meetings);
  }

  /** Plugs into a fake vendor as its `chat`. */
  readonly chat = (body: ChatBody): ChatAnswer => {
    const strange = this.#reader.strangeLines.length;
    const asked = this.#reader.read(body);
    for (const line of this.#reader.strangeLines.slice(strange))
      this.faults.push(`a line of the transcript that nobody said: ${line.slice(0, 80)}`);
    this.seen.push({
      of: asked.of,
      hash: numberOf(JSON.stringify(body.messages ?? [])),
      startMs: asked.of === 'chunk' ? (asked.lines[0]?.timeMs ?? null) : null,
      mode: this.mode,
    });
    return this.#paced(this.#answer(asked), maxTokensOf(body));
  };

  /** Of requests for chunks and reports so far, how many were asked more than once. */
  repeated(): number {
    const hashes = this.seen.filter(({ of }) => of !== 'other').map(({ hash }) => hash);
    return hashes.length - new Set(hashes).size;
  }

  #answer(asked: Asked): { text: string; finish: ChatAnswer['finish'] } {
    const text = asked.of === 'other' ? 'Je ne sais pas.' : this.#notes(asked);
    switch (this.mode) {
      case 'honest':
      case 'inventing':
      case 'lazy':
        return { text, finish: 'stop' };
      case 'truncating':
        return { text: text.slice(0, Math.floor(text.length / 2)), finish: 'length' };
      case 'broken_json':
        return { text: `${text.slice(0, -20)},,}`, finish: 'stop' };
      case 'prose':
        return { text: 'Voici le compte rendu demandé : tout s’est bien passé.', finish: 'stop' };
      case 'other_shape':
        return { text: '{"minutes": [{"what": "everything"}], "decisions": "none"}', finish: 'stop' };
      case 'empty':
        return { text: '', finish: 'stop' };
    }
  }

  #notes(asked: Exclude<Asked, { of: 'other' }>): string {
    const notes = this.#notesOf(asked);
    const schema = asked.of === 'chunk' ? chunkAnswerSchema : synthesisAnswerSchema;
    const { error } = schema.safeParse(notes);
    if (error) this.faults.push(`an answer of ours is not of the contract: ${error.message}`);
    return JSON.stringify(notes);
  }

  #notesOf(asked: Exclude<Asked, { of: 'other' }>): unknown {
    const isLazy = this.mode === 'lazy';
    if (asked.of === 'report') {
      if (isLazy) return { summary: [], chapters: [] };
      return this.mode === 'inventing'
        ? inventedReport(asked, this.#meetings[0]?.language ?? 'fr')
        : honestReport(asked);
    }
    if (this.mode === 'inventing') return inventedChunk(asked);
    const notes = honestChunk(asked);
    if (!isLazy) return notes;
    const none = noNotes();
    const half = numberOf(asked.lines[0]?.text ?? '') % 2 === 0;
    return half ? none : { ...none, topics: unproved(notes.topics), decisions: unproved(notes.decisions) };
  }

  #paced(answer: { text: string; finish: ChatAnswer['finish'] }, maxTokens: number): ChatAnswer {
    const isCut = answer.text.length > maxTokens * CHARACTERS_PER_TOKEN;
    const text = isCut ? answer.text.slice(0, maxTokens * CHARACTERS_PER_TOKEN) : answer.text;
    const finish = isCut ? 'length' : answer.finish;
    const size = this.tokensPerSecond === undefined ? FAST_PIECE : CHARACTERS_PER_TOKEN;
    const words = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      text.slice(index * size, (index + 1) * size),
    );
    return { words, finish, gapMs: this.tokensPerSecond === undefined ? 0 : 1000 / this.tokensPerSecond };
  }
}

const unproved = <T>(list: readonly T[]) => list.map((note) => ({ ...note, evidence: [] }));

function maxTokensOf(body: ChatBody): number {
  const { max_tokens: max, max_completion_tokens: completion } = body as Readonly<Record<string, unknown>>;
  const limit = completion ?? max;
  return typeof limit === 'number' ? limit : Infinity;
}
