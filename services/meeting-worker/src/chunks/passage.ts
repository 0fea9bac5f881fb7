import type { UtteranceId } from '@eloquence/shared/contracts/ids';
import type { Utterance, Word } from '@eloquence/shared/contracts/sessions';
import type { Meeting } from '../meetings/meeting.ts';
import type { Line, Passage } from './lines.ts';
import type { ChunkInput } from './window.ts';

/**
 * A chunk as it is shown to a model: what was said before has positions up to 0, the chunk's own text from 1.
 *
 * @param words times of words, where there are any
 */
export function passageOf(
  meeting: Meeting,
  input: ChunkInput,
  words: ReadonlyMap<UtteranceId, readonly Word[]> = new Map(),
): Passage {
  const { before, items, glossary } = input.carried;
  const line = (utterance: Utterance, position: number): Line => {
    const times = words.get(utterance.utterance_id);
    return {
      position,
      utterance: times ? { ...utterance, words: [...times] } : utterance,
      name: meeting.speakers.get(utterance.speaker) ?? utterance.speaker,
    };
  };
  return {
    language: meeting.language,
    n: input.n,
    startedAtMs: meeting.startedAtMs ?? 0,
    timeZone: meeting.options.time_zone,
    lines: [
      ...before.map((utterance, index) => line(utterance, index - before.length + 1)),
      ...input.utterances.map((utterance, index) => line(utterance, index + 1)),
    ],
    carried: items,
    glossary,
    speakers: meeting.speakers,
  };
}
