import type { EndReason, Session } from '@eloquence/shared/contracts/sessions';
import type { EventReader } from '../events/event-reader.ts';
import type { Presence } from './presence.ts';

/**
 * Why a session whose room is gone has ended: nobody ever came, or they came and left, or the room went from under them.
 * Webhooks may be lost and agents may die, so whichever of them saw a person is believed.
 */
export async function endReasonOf(
  session: Session,
  sources: { readonly presence: Presence; readonly reader: EventReader },
): Promise<EndReason> {
  const seen = await sources.presence.get(session.session_id);
  if (seen === 'left') return 'participant_left';
  if (seen === 'joined') return 'room_closed';
  const people = new Set<string>();
  let anybodyTold = false;
  let somebodyCame = false;
  for await (const event of sources.reader.all(session.session_id)) {
    // What was before an end that was taken back is over: whoever was there then has left since.
    if (event.type === 'session.resumed') {
      people.clear();
      anybodyTold = false;
      somebodyCame = false;
    } else if (event.type === 'participant.joined') {
      anybodyTold = true;
      if (event.kind === 'agent') continue;
      somebodyCame = true;
      people.add(event.identity);
    } else if (event.type === 'participant.left') people.delete(event.identity);
  }
  if (somebodyCame) return people.size === 0 ? 'participant_left' : 'room_closed';
  return anybodyTold || session.state === 'created' ? 'never_joined' : 'room_closed';
}
