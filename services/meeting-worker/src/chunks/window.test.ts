import { meetingOptionsSchema, type Chunk } from '@eloquence/shared/contracts/meeting';
import { describe, expect, test } from 'vitest';
import type { Meeting } from '../meetings/meeting.ts';
import { MONDAY_MS, PEOPLE, utterances } from './test-support/passages.ts';
import { chunkInputs, nextChunk, uncovered } from './window.ts';

const MINUTE_MS = 60_000;

/** Minutes at which somebody speaks. */
function meeting(minutes: readonly number[], more: Partial<Meeting> = {}): Meeting {
  const said = utterances(minutes.map((minute) => `karim: Nous en sommes à la minute ${minute}.`));
  return {
    sessionId: 'ses_aaaaaaaaaaaaaaaaaaaa',
    language: 'fr',
    title: 'Point',
    startedAtMs: MONDAY_MS,
    endedAtMs: null,
    options: meetingOptionsSchema.parse({}),
    consent: null,
    state: 'recording',
    utterances: said.map((one, index) => {
      const start = (minutes[index] ?? 0) * MINUTE_MS;
      return { ...one, start_ms: start, end_ms: start + 5_000 };
    }),
    speakers: PEOPLE,
    spans: [],
    gaps: [],
    silentSources: [],
    chunks: [],
    ...more,
  };
}

const span = (speaker: string, minutes: number) => ({ speaker, start_ms: 0, end_ms: minutes * MINUTE_MS });
const after = (minutes: number) => MONDAY_MS + minutes * MINUTE_MS;

function written(of: Meeting, more: Partial<Chunk> = {}): Chunk[] {
  return chunkInputs(of).map(({ n, startMs, endMs, inputHash }) => ({
    session_id: of.sessionId,
    n,
    revision: 1,
    start_ms: startMs,
    end_ms: endMs,
    status: 'summarised',
    input_hash: inputHash,
    writer: { kind: 'rules', rules_version: 'r' },
    items: [],
    unverified: [],
    glossary: [],
    ...more,
  }));
}

describe('a chunk', () => {
  test('holds what begins in its interval, also what ends behind it', () => {
    const inputs = chunkInputs(meeting([1, 9.99, 10, 25]));
    expect(inputs.map(({ n, utterances: said }) => [n, said.length])).toEqual([
      [0, 2],
      [1, 1],
      [2, 1],
    ]);
  });

  test('knows the last two things said before it', () => {
    const [, second] = chunkInputs(meeting([1, 2, 3, 12]));
    expect(second?.carried.before.map(({ text }) => text)).toEqual([
      'Nous en sommes à la minute 2.',
      'Nous en sommes à la minute 3.',
    ]);
  });

  test('is not made of intervals in which nothing was said', () => {
    expect(chunkInputs(meeting([1, 45])).map(({ n }) => n)).toEqual([0, 4]);
  });
});

const due = (of: Meeting, minutes: number) => nextChunk(of, after(minutes))?.n;

describe('a chunk is due', () => {
  test('not while its interval lasts', () => {
    expect(due(meeting([1], { spans: [span('karim', 9.9)] }), 9.9)).toBeUndefined();
  });

  test('when everybody who was heard in it has been transcribed to its end', () => {
    expect(due(meeting([1], { spans: [span('karim', 10), span('sophie', 9.5)] }), 10.1)).toBeUndefined();
    expect(due(meeting([1], { spans: [span('karim', 10), span('sophie', 10)] }), 10.1)).toBe(0);
  });

  test('when somebody was heard for 15 s behind it: who has left is not waited for', () => {
    expect(due(meeting([1], { spans: [span('karim', 10.2), span('sophie', 3)] }), 10.3)).toBeUndefined();
    expect(due(meeting([1], { spans: [span('karim', 10.25), span('sophie', 3)] }), 10.3)).toBe(0);
    expect(due(meeting([1, 10.25]), 10.3)).toBe(0);
  });

  test('a minute behind it whatever is missing, by the meeting’s clock', () => {
    expect(due(meeting([1]), 10.9)).toBeUndefined();
    expect(due(meeting([1]), 11)).toBe(0);
  });

  test('at once when the meeting has ended', () => {
    expect(due(meeting([1], { endedAtMs: after(2) }), 2)).toBe(0);
  });
});

describe('the next chunk', () => {
  const ended = meeting([1, 12, 25], { endedAtMs: after(30) });

  test('is the first that is missing; none is left when all are there', () => {
    const chunks = written(ended);
    expect(nextChunk({ ...ended, chunks: chunks.slice(0, 1) }, after(30))?.n).toBe(1);
    expect(nextChunk({ ...ended, chunks }, after(30))).toBeUndefined();
  });

  test('is one that was written and whose text has come to be another', () => {
    const chunks = written(ended);
    const late = {
      ...ended,
      utterances: ended.utterances.map((one, index) => (index === 1 ? { ...one, text: 'Autre chose.' } : one)),
    };
    expect(nextChunk({ ...late, chunks }, after(30))?.n).toBe(1);
  });

  test('waits for those before it', () => {
    const going = meeting([1, 10.1], { spans: [span('karim', 9)] });
    const [, second] = written(going);
    expect(nextChunk({ ...going, chunks: second ? [second] : [] }, after(9))).toBeUndefined();
  });

  test('is the same when somebody is renamed', () => {
    const renamed = { ...ended, chunks: written(ended), speakers: new Map([['karim', 'Karim B.']]) };
    expect(nextChunk(renamed, after(30))).toBeUndefined();
  });

  test('is the same after an update that asks models nothing else', () => {
    // As stored in databases: another value has finished meetings that are renamed, or filed anew, written by a model once more.
    const hashes = chunkInputs(ended).map(({ inputHash }) => inputHash.slice(0, 12));
    expect(hashes).toEqual(['1e6b7274acda', '2c641da06fe2', 'e1c7477d4496']);
    const options = { ...ended.options, time_zone: 'Asia/Tokyo' };
    expect(nextChunk({ ...ended, options, chunks: written(ended) }, after(30))).toBeUndefined();
  });

  test('is out of date when what an earlier one leaves open is another', () => {
    const [first, ...others] = written(ended);
    const question = { kind: 'question' as const, item_id: 'c0-q1', text: 'Qui vient ?', evidence: [] as never };
    const chunks = first ? [{ ...first, items: [question] }, ...others] : [];
    expect(nextChunk({ ...ended, chunks }, after(30))?.n).toBe(1);
  });
});

test('what no chunk covers is all that is missing or out of date', () => {
  const going = meeting([1, 12, 25]);
  const chunks = written(going).filter(({ n }) => n !== 1);
  expect(uncovered({ ...going, chunks }).map(({ n }) => n)).toEqual([1]);
});
