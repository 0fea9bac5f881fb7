import type { SessionEvent, SessionEventBody } from '@eloquence/shared/contracts/events';
import { newSessionId, newUtteranceId } from '@eloquence/shared/runtime/ids';
import { expect, test } from 'vitest';
import { missedBetween, pastOf, readEvents } from './past.ts';

const id = newSessionId();
const T0 = Date.parse('2026-11-21T10:00:00.000Z');
const at = (ms: number): string => new Date(T0 + ms).toISOString();
const logOf = (...bodies: SessionEventBody[]): SessionEvent[] =>
  bodies.map((body, index) => ({ ...body, seq: index + 1, session_id: id }));
const joined = (person: string): SessionEventBody => ({
  type: 'participant.joined',
  at: at(0),
  identity: `${person}~1`,
  kind: 'person',
  speaker: person,
});
const scribe: SessionEventBody = { type: 'participant.joined', at: at(0), identity: 'agent-1', kind: 'agent' };
const claimed = (speaker: string, end_ms: number): SessionEventBody => ({
  type: 'audio.transcribed',
  at: at(end_ms + 2_000),
  spans: [{ speaker, start_ms: 0, end_ms }],
});
const said = (speaker: string, start_ms: number, end_ms: number): SessionEventBody => ({
  type: 'utterance.final',
  at: at(end_ms + 1_000),
  utterance: { utterance_id: newUtteranceId(), speaker, role: 'user', text: 'oui', start_ms, end_ms },
});

test('a successor knows who is there, until where each was transcribed, and what text has no span yet', () => {
  const left: SessionEventBody = { type: 'participant.left', at: at(500), identity: 'bob~1' };
  const past = pastOf(
    logOf(scribe, joined('anna'), joined('bob'), left, claimed('anna', 8_000), said('anna', 8_500, 9_500)),
    T0,
  );
  expect(past.hadScribe).toBe(true);
  expect([...past.present]).toEqual([['anna~1', 'anna']]);
  expect(past.heardTo.get('anna')).toBe(9_500);
  expect(past.unclaimed).toEqual([{ speaker: 'anna', start_ms: 8_500, end_ms: 9_500 }]);
  expect(past.lastSignMs).toBe(T0 + 10_500);
});

test('what was before a meeting was taken up again does not count', () => {
  const resumed: SessionEventBody = { type: 'session.resumed', at: at(60_000), time: 1 };
  const past = pastOf(logOf(scribe, joined('anna'), claimed('anna', 8_000), resumed), T0);
  expect(past).toMatchObject({ hadScribe: false, resumedMs: T0 + 60_000, lastSeq: 4 });
  expect(past.present.size + past.heardTo.size + past.unclaimed.length).toBe(0);
});

test('nobody heard somebody from their last span to their first sound', () => {
  const past = { heardTo: new Map([['anna', 8_000]]) };
  expect(missedBetween('anna', past, { firstHeardMs: 14_000, lastSignMs: 10_000 })).toEqual({
    speaker: 'anna',
    start_ms: 8_000,
    end_ms: 14_000,
    reason: 'scribe_away',
  });
  expect(missedBetween('anna', past, { firstHeardMs: 8_000, lastSignMs: 7_000 })).toBeUndefined();
});

test('somebody who had been silent for long was not unheard for all of that time', () => {
  const past = { heardTo: new Map([['anna', 8_000]]) };
  expect(missedBetween('anna', past, { firstHeardMs: 604_000, lastSignMs: 600_000 })?.start_ms).toBe(600_000);
});

test('a long log is read page by page', async () => {
  const all = logOf(...Array.from({ length: 2_500 }, (_, index) => claimed('anna', index)));
  const read = async (_id: string, after: number, limit = 500) => all.filter(({ seq }) => seq > after).slice(0, limit);
  expect(await readEvents({ read }, id)).toHaveLength(2_500);
  expect(await readEvents({ read }, id, 2_000)).toHaveLength(500);
  // One of the first page is no event of ours.
  const readValid = async (_id: string, after: number, limit = 500) =>
    (await read(_id, after, limit)).filter(({ seq }) => seq !== 7);
  expect(await readEvents({ read: readValid }, id)).toHaveLength(2_499);
});

test('kept sound that was delivered late, and notes that were written, are no sign of a scribe', () => {
  const delivered = { ...claimed('anna', 8_000), at: at(300_000) };
  const summary: SessionEventBody = { type: 'summary.ready', at: at(310_000), index: 0 };
  expect(pastOf(logOf(scribe, claimed('bob', 9_000), delivered, summary), T0).lastSignMs).toBe(T0 + 11_000);
});
