import type { Report } from '@eloquence/shared/contracts/report';
import { totalMs } from '@eloquence/shared/runtime/spans';
import type { Meeting } from '../meetings/meeting.ts';

/** Everybody of the meeting with how long they spoke; who spoke most comes first. */
export function talkOf({ speakers, utterances }: Meeting): Report['speakers'] {
  const spoken = Map.groupBy(utterances, ({ speaker }) => speaker);
  const names = new Map([...[...spoken.keys()].map((speaker) => [speaker, speaker] as const), ...speakers]);
  const talk = [...names].map(([speaker, name]) => ({ speaker, name, talk_ms: totalMs(spoken.get(speaker) ?? []) }));
  const all = talk.reduce((sum, { talk_ms }) => sum + talk_ms, 0);
  return talk
    .map((one) => ({ ...one, share: all === 0 ? 0 : Math.round((one.talk_ms / all) * 1000) / 1000 }))
    .toSorted((a, b) => b.talk_ms - a.talk_ms || (a.speaker < b.speaker ? -1 : 1));
}
