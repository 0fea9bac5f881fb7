import { describe, expect, it } from 'vitest';
import type { Role } from '@eloquence/shared/contracts/sessions';
import {
  addFinal,
  addTyped,
  dropSegment,
  emptyTranscript,
  EVENT_SEGMENT,
  putSegment,
  removeLine,
} from './transcript.ts';
import type { Transcript } from './transcript.ts';

const utterance = (id: string, startMs: number, text: string, role: Role = 'user') => ({
  utterance_id: id,
  speaker: role,
  role,
  text,
  start_ms: startMs,
  end_ms: startMs + 500,
});
const words = (transcript: Transcript) => transcript.lines.map((line) => line.text);
const live = (transcript: Transcript) => transcript.segments.map((segment) => segment.text);
const all = (...steps: ((transcript: Transcript) => Transcript)[]) =>
  steps.reduce((transcript, step) => step(transcript), emptyTranscript);

describe('finals', () => {
  it('stand in spoken order whatever order they come in', () => {
    const transcript = all(
      (t) => addFinal(t, utterance('a', 100, 'un')),
      (t) => addFinal(t, utterance('c', 900, 'trois')),
      (t) => addFinal(t, utterance('b', 500, 'deux', 'agent')),
    );
    expect(words(transcript)).toEqual(['un', 'deux', 'trois']);
  });

  it('are shown once, though a reconnect sends them again', () => {
    const once = addFinal(emptyTranscript, utterance('a', 100, 'un'));
    expect(addFinal(once, utterance('a', 100, 'un'))).toBe(once);
  });

  it('with the same words at another moment are both shown', () => {
    const transcript = all(
      (t) => addFinal(t, utterance('a', 100, 'oui')),
      (t) => addFinal(t, utterance('b', 900, 'oui')),
    );
    expect(words(transcript)).toEqual(['oui', 'oui']);
  });
});

describe('live words', () => {
  it('are replaced by the next interim of their segment', () => {
    const transcript = all(
      (t) => putSegment(t, { id: 's1', role: 'user', text: 'bon' }),
      (t) => putSegment(t, { id: 's1', role: 'user', text: 'bonjour' }),
    );
    expect(live(transcript)).toEqual(['bonjour']);
  });

  it('give way to their final, and a late copy does not bring them back', () => {
    const done = all(
      (t) => putSegment(t, { id: 's1', role: 'user', text: 'bonjour je voudré' }),
      (t) => addFinal(t, utterance('a', 0, 'Bonjour, je voudrais un exercice.')),
    );
    expect(live(done)).toEqual([]);
    expect(putSegment(done, { id: 's1', role: 'user', text: 'bonjour je voudré' })).toBe(done);
  });

  it('of the next sentence survive the final of the one before', () => {
    const transcript = all(
      (t) => putSegment(t, { id: 's1', role: 'agent', text: 'Très bien. Commençons par la respiration' }),
      (t) => putSegment(t, { id: 's2', role: 'agent', text: 'Maintenant, à vous' }),
      (t) => addFinal(t, utterance('a', 0, 'Très bien. Commençons', 'agent')),
    );
    expect(live(transcript)).toEqual(['Maintenant, à vous']);
  });

  it('that come after their final do not show it twice; what goes on is shown', () => {
    const done = addFinal(emptyTranscript, utterance('a', 0, 'Bonjour.'));
    expect(putSegment(done, { id: 's1', role: 'user', text: 'bon' })).toBe(done);
    expect(putSegment(done, { id: 's1', role: 'user', text: 'bonjour' })).toBe(done);
    expect(live(putSegment(done, { id: 's2', role: 'user', text: 'bonjour à tous' }))).toEqual(['bonjour à tous']);
    const next = all(
      (t) => addFinal(t, utterance('a', 0, 'Oui.')),
      (t) => putSegment(t, { id: 's2', role: 'user', text: 'une question' }),
      (t) => addFinal(t, utterance('b', 900, 'Une question.')),
      (t) => putSegment(t, { id: 's3', role: 'user', text: 'oui' }),
    );
    expect(live(next)).toEqual(['oui']);
  });

  it('of the other speaker are left alone', () => {
    const transcript = all(
      (t) => putSegment(t, { id: 's1', role: 'agent', text: 'Bonjour' }),
      (t) => addFinal(t, utterance('a', 0, 'Bonjour')),
    );
    expect(live(transcript)).toEqual(['Bonjour']);
  });

  it('come from one source: the room wins over the event stream', () => {
    const transcript = all(
      (t) => putSegment(t, { id: EVENT_SEGMENT, role: 'user', text: 'bonj' }),
      (t) => putSegment(t, { id: 's1', role: 'user', text: 'bonjour' }),
      (t) => putSegment(t, { id: EVENT_SEGMENT, role: 'user', text: 'bonjour à' }),
    );
    expect(live(transcript)).toEqual(['bonjour']);
  });

  it('from the event stream live again in the next sentence', () => {
    const transcript = all(
      (t) => putSegment(t, { id: EVENT_SEGMENT, role: 'user', text: 'bonjour' }),
      (t) => addFinal(t, utterance('a', 0, 'Bonjour.')),
      (t) => putSegment(t, { id: EVENT_SEGMENT, role: 'user', text: 'je' }),
    );
    expect(live(transcript)).toEqual(['je']);
  });

  it('nobody confirms can be dropped', () => {
    const shown = putSegment(emptyTranscript, { id: 's1', role: 'user', text: 'hm' });
    expect(live(dropSegment(shown, 's1'))).toEqual([]);
    expect(live(putSegment(shown, { id: 's1', role: 'user', text: ' ' }))).toEqual([]);
  });
});

describe('typed messages', () => {
  it('are shown at once and replaced by their record', () => {
    const typed = all(
      (t) => addFinal(t, utterance('a', 100, 'Bonjour', 'agent')),
      (t) => addTyped(t, 'mine', 'Un exercice, svp'),
    );
    expect(words(typed)).toEqual(['Bonjour', 'Un exercice, svp']);
    const recorded = addFinal(typed, utterance('b', 900, 'un exercice svp'));
    expect(recorded.lines.map((line) => line.id)).toEqual(['a', 'b']);
  });

  it('keep their place before what is said later', () => {
    const transcript = all(
      (t) => addTyped(t, 'mine', 'Un exercice'),
      (t) => addFinal(t, utterance('a', 100, 'Voici', 'agent')),
    );
    expect(words(transcript)).toEqual(['Un exercice', 'Voici']);
  });

  it('that did not leave are taken back', () => {
    expect(removeLine(addTyped(emptyTranscript, 'mine', 'x'), 'mine').lines).toEqual([]);
  });
});
