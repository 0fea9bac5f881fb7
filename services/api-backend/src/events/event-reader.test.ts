import type { SessionEvent } from '@eloquence/shared/contracts/events';
import { describe, expect, it } from 'vitest';
import { EventReader, type EventSources, type ReadEvents } from './event-reader.ts';

const sessionId = 'ses_aaaaaaaaaaaaaaaaaaaa';
const event = (seq: number): SessionEvent => ({
  type: 'participant.left',
  at: '2026-01-01T00:00:00.000Z',
  identity: `p${seq}`,
  seq,
  session_id: sessionId,
});

/** A log whose events move from the stream to the store at any moment a reader waits, in any order. */
class MovingLog implements EventSources {
  readonly inStream = new Set<number>();
  readonly inStore = new Set<number>();
  /** Called before and after each read: the world goes on. */
  onWait: () => void = () => undefined;
  readonly stream = this.#readFrom(this.inStream);
  readonly stored = this.#readFrom(this.inStore);

  append(seq: number): void {
    this.inStream.add(seq);
  }

  persist(seq: number): void {
    this.inStore.add(seq);
    this.inStream.delete(seq);
  }

  #readFrom(place: Set<number>): ReadEvents {
    return async (_sessionId, afterSeq, limit) => {
      await Promise.resolve();
      this.onWait();
      const found = [...place].filter((seq) => seq > afterSeq).toSorted((a, b) => a - b);
      this.onWait();
      return found.slice(0, limit).map(event);
    };
  }
}

async function readAll(reader: EventReader): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of reader.all(sessionId)) seqs.push(seq);
  return seqs;
}

const range = (length: number) => Array.from({ length }, (_, index) => index + 1);

/** A small deterministic generator (mulberry32), so that a failing run can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('EventReader', () => {
  it('joins what is stored with what is still in the stream', async () => {
    const log = new MovingLog();
    for (const seq of range(10)) log.append(seq);
    for (const seq of range(6)) log.persist(seq);
    log.inStream.add(5).add(6);
    expect(await readAll(new EventReader(log, 4))).toEqual(range(10));
  });

  it('sees an event that moves between its two looks', async () => {
    const log = new MovingLog();
    for (const seq of range(3)) log.append(seq);
    log.persist(1);
    log.onWait = () => log.persist(2);
    expect(await readAll(new EventReader(log))).toEqual(range(3));
  });

  it('passes over a number that is nowhere: an entry that was not valid', async () => {
    const log = new MovingLog();
    for (const seq of range(9)) log.append(seq);
    log.inStream.delete(4);
    log.persist(1);
    expect(await readAll(new EventReader(log, 3))).toEqual([1, 2, 3, 5, 6, 7, 8, 9]);
  });

  it('keeps order without gap or duplicate while events are appended and moved at random', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = randomOf(seed);
      const log = new MovingLog();
      let last = 0;
      const total = 60;
      log.onWait = () => {
        for (let n = Math.floor(random() * 5); n > 0 && last < total; n -= 1) log.append((last += 1));
        // Consumers commit in any order.
        for (const seq of log.inStream) if (random() < 0.3) log.persist(seq);
      };
      const reader = new EventReader(log, 1 + Math.floor(random() * 12));
      const seen: number[] = [];
      for (let looks = 0; seen.length < total && looks < 5_000; looks += 1) {
        for (const { seq } of await reader.next(sessionId, seen.at(-1) ?? 0)) seen.push(seq);
      }
      expect(seen, `seed ${seed}`).toEqual(range(total));
    }
  });
});
