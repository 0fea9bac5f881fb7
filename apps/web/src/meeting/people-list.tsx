import { useLanguage } from '../i18n/language-context.tsx';
import { MicIcon, MicOffIcon } from '../ui/icons.tsx';
import { nameOf } from './meeting-state.ts';
import type { MeetingState } from './meeting-state.ts';
import styles from './meeting-screen.module.css';
import type { Person } from './use-people.ts';

interface PeopleListProps {
  readonly people: readonly Person[];
  readonly names: MeetingState['names'];
}

/** Who is in the room, who speaks, whose microphone is off. */
export function PeopleList({ people, names }: PeopleListProps) {
  const { t } = useLanguage();
  return (
    <section aria-labelledby="people">
      <h2 id="people" className={styles.subtitle}>
        {t('meeting.people')}
      </h2>
      <ul className={styles.people}>
        {people.map((person) => {
          const name = names[person.speaker] ?? (person.name || nameOf(names, person.speaker));
          return (
            <li key={person.identity} data-speaking={person.speaking} data-muted={person.muted}>
              {person.muted ? <MicOffIcon /> : <MicIcon />}
              <span>{person.me ? t('meeting.you', { name }) : name}</span>
              <span className="visually-hidden">
                {person.muted ? t('meeting.muted') : person.speaking ? t('meeting.speaking') : null}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
