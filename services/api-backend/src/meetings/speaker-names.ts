import type { Language, SessionId } from '@eloquence/shared/contracts/ids';
import type { Speaker } from '@eloquence/shared/contracts/meeting';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import { speakerNames } from '@eloquence/shared/runtime/speaker-names';
import { isPostgresOutage, reachable } from '../http/dependency.ts';

export interface NamedSpeaker {
  readonly speaker: Speaker;
  readonly name: string;
}

/**
 * Everybody who spoke or was there, as they are called now.
 *
 * @throws AppError `unavailable`
 */
export async function speakersOf(pool: Pool, sessionId: SessionId, language: Language): Promise<NamedSpeaker[]> {
  const query = pool.query<{ kind: 'joined' | 'heard' | 'given'; speaker: Speaker; name: string }>(
    `select kind, speaker, name from (
       select 'joined' as kind, body ->> 'speaker' as speaker, body ->> 'name' as name, seq as place from events
       where session_id = $1 and type = 'participant.joined' and body ->> 'kind' <> 'agent' and body ? 'speaker' and body ? 'name'
       union all
       select 'heard', speaker, '', min(start_ms) from utterances where session_id = $1 and role = 'user' group by speaker
       union all
       select distinct 'heard', span ->> 'speaker', '', 2147483647 from events, jsonb_array_elements(body -> 'spans') span
       where session_id = $1 and type = 'audio.transcribed'
       union all
       select 'given', speaker, name, 0 from meeting_speakers where session_id = $1
     ) named order by kind, place, speaker`,
    [sessionId],
  );
  const { rows } = await reachable('Postgres', query, isPostgresOutage);
  const of = (kind: string) =>
    rows.filter((row) => row.kind === kind).map(({ speaker, name }) => [speaker, name] as const);
  const heard = new Set(of('heard').map(([speaker]) => speaker));
  const names = speakerNames({ language, heard, joined: new Map(of('joined')), given: new Map(of('given')) });
  return [...names].map(([speaker, name]) => ({ speaker, name }));
}

/**
 * Calls a speaker by a name from now on.
 *
 * @returns everybody, as they are called now
 * @throws AppError `not_found` naming who there is, `unavailable`
 */
export async function renameSpeaker(
  pool: Pool,
  session: { readonly session_id: SessionId; readonly language: Language },
  renamed: NamedSpeaker,
): Promise<NamedSpeaker[]> {
  const speakers = await speakersOf(pool, session.session_id, session.language);
  if (!speakers.some(({ speaker }) => speaker === renamed.speaker)) {
    const there = speakers.map(({ speaker, name }) => `${speaker} (${name})`).join(', ');
    throw new AppError(
      'not_found',
      there ? `Nobody is called so in this meeting. There are: ${there}.` : 'Nobody has spoken in this meeting yet.',
    );
  }
  const write = pool.query(
    `with named as (insert into meeting_speakers (session_id, speaker, name) values ($1, $2, $3)
       on conflict (session_id, speaker) do update set name = excluded.name returning session_id)
     insert into meetings (session_id) select session_id from named
     on conflict (session_id) do update set changed = meetings.changed + 1`,
    [session.session_id, renamed.speaker, renamed.name],
  );
  await reachable('Postgres', write, isPostgresOutage);
  return speakers.map((one) => (one.speaker === renamed.speaker ? { ...one, name: renamed.name } : one));
}
