import { sessionEventBodySchema } from '@eloquence/shared/contracts/events';
import { expect, test } from 'vitest';
import { generateMeeting } from './generate-meeting.ts';
import { toEvents } from './meeting-events.ts';

const LANGUAGES = ['fr', 'en'] as const;

test('the same plan gives the same meeting, another seed another one', () => {
  const plan = { seed: 7, hours: 1, language: 'fr' } as const;
  expect(generateMeeting(plan)).toEqual(generateMeeting(plan));
  expect(generateMeeting({ ...plan, seed: 8 }).sessionId).not.toBe(generateMeeting(plan).sessionId);
});

test.each(LANGUAGES)(
  'a meeting of four hours in %s has 150 words a minute and says hardly anything twice',
  (language) => {
    const { utterances, silences, endedAtMs, startedAtMs } = generateMeeting({ seed: 3, hours: 4, language });
    const silentMs = silences.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    const words = utterances.reduce((sum, { text }) => sum + text.split(' ').length, 0);
    const perMinute = words / ((endedAtMs - startedAtMs - silentMs) / 60_000);
    expect(perMinute).toBeGreaterThan(120);
    expect(perMinute).toBeLessThan(180);
    const long = utterances.filter(({ text }) => text.split(' ').length > 4).map(({ text }) => text);
    expect(new Set(long).size / long.length).toBeGreaterThan(0.97);
  },
);

test.each(LANGUAGES)('every planted fact is said where the list says, over many seeds in %s', (language) => {
  for (let seed = 0; seed < 30; seed += 1) {
    const meeting = generateMeeting({ seed, hours: [0.1, 0.5, 1, 2][seed % 4] ?? 1, language });
    const texts = new Map(meeting.utterances.map((utterance) => [utterance.utterance_id, utterance]));
    const said = [
      ...meeting.facts.flatMap((fact) => [...fact.mentions, ...(fact.undone ? [fact.undone] : [])]),
      ...meeting.traps.map(({ words }) => ({ words: [words] })),
    ];
    for (const { words } of said)
      for (const { utteranceId, quote } of words) expect(texts.get(utteranceId)?.text).toContain(quote);
    for (const { due, mentions } of meeting.facts)
      expect(mentions[0]?.words.map(({ quote }) => quote).join(' ')).toContain(due?.text ?? '');
    for (const { undone, mentions } of meeting.facts)
      expect(undone?.startMs ?? Infinity).toBeGreaterThan(mentions.at(-1)?.startMs ?? Infinity);
    expect(new Set(texts.keys()).size).toBe(meeting.utterances.length);
  }
});

test('a long meeting has every kind of difficulty, and facts across ends of chunks lie across them', () => {
  const { facts, traps, participants, silences, gaps, utterances, intervalMs } = generateMeeting({
    seed: 11,
    hours: 4,
    language: 'fr',
    speakers: 5,
  });
  const flavours = new Set(facts.map(({ flavour }) => flavour));
  expect([...flavours].toSorted()).toEqual(
    [
      'across_the_line',
      'answered_across_the_line',
      'other_words',
      'plain',
      'retracted',
      'retracted_at_once',
      'settled',
      'three_times',
    ].toSorted(),
  );
  expect(new Set(facts.map(({ owner }) => owner?.kind ?? 'none'))).toEqual(
    new Set(['speaker', 'name', 'ambiguous', 'none']),
  );
  expect(new Set(traps.map(({ kind }) => kind))).toEqual(new Set(['proposal', 'negated', 'injection']));
  expect(new Set(participants.map(({ firstName }) => firstName)).size).toBe(4);
  expect([silences.length, gaps.length]).toEqual([1, 1]);
  const chunkOf = (ms: number) => Math.floor(ms / intervalMs);
  const byId = new Map(utterances.map((utterance) => [utterance.utterance_id, utterance]));
  for (const fact of facts.filter(({ flavour }) => flavour.endsWith('across_the_line'))) {
    const lines = fact.mentions[0]?.words.map(({ utteranceId }) => byId.get(utteranceId)) ?? [];
    const first = lines[0]?.start_ms ?? 0;
    const last = lines.at(-1)?.end_ms ?? 0;
    expect(chunkOf(last) - chunkOf(first), `${fact.id} ${fact.flavour} ${first} ${last}`).toBe(1);
  }
});

test('nobody speaks in the silence or the gap, or over another', () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const { utterances, silences, gaps, endedAtMs, startedAtMs } = generateMeeting({ seed, hours: 2, language: 'en' });
    const quiet = [...silences, ...gaps.map((gap) => ({ startMs: gap.start_ms, endMs: gap.end_ms }))];
    for (const { startMs, endMs } of quiet)
      expect(utterances.filter((one) => one.start_ms < endMs && one.end_ms > startMs)).toEqual([]);
    utterances.forEach((one, index) => {
      expect(one.start_ms).toBeGreaterThanOrEqual(utterances[index - 1]?.end_ms ?? 0);
      expect(one.end_ms).toBeLessThanOrEqual(endedAtMs - startedAtMs);
    });
  }
});

test('its events are of the contract, in order, and their spans cover all but the gaps', () => {
  const meeting = generateMeeting({ seed: 5, hours: 0.6, language: 'fr' });
  const events = toEvents(meeting);
  for (const event of events) expect(sessionEventBodySchema.safeParse(event).error).toBeUndefined();
  expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted());
  expect([events[0]?.type, events.at(-1)?.type]).toEqual(['session.started', 'session.ended']);
  const gapMs = meeting.gaps.reduce((sum, gap) => sum + gap.end_ms - gap.start_ms, 0);
  const durationMs = meeting.endedAtMs - meeting.startedAtMs;
  for (const { speaker } of meeting.participants) {
    const own = meeting.spans.filter((span) => span.speaker === speaker);
    expect(own.reduce((sum, span) => sum + span.end_ms - span.start_ms, 0)).toBe(durationMs - gapMs);
  }
  // What a span says is transcribed has its text before it.
  events.forEach((event, index) => {
    if (event.type !== 'audio.transcribed') return;
    const later = events.slice(index).flatMap((other) => (other.type === 'utterance.final' ? [other.utterance] : []));
    for (const span of event.spans)
      expect(
        later.filter(
          ({ speaker, start_ms: start }) => speaker === span.speaker && start < span.end_ms && start >= span.start_ms,
        ),
      ).toEqual([]);
  });
});
