import { useCallback } from 'react';
import { searchMeetings } from '../api/meeting-client.ts';
import { useResource } from '../api/use-resource.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { FailedLoad } from '../screens/failed-load.tsx';
import { clock } from '../ui/use-now.ts';
import { hashOf } from '../use-route.ts';
import { startInWords } from './meeting-words.ts';
import styles from './meetings-screen.module.css';

const once = () => null;

/** Where it was said, over all meetings, best first; each hit opens the minutes at its sentence. */
export function SearchHits({ query }: { readonly query: string }) {
  const { t, language } = useLanguage();
  const load = useCallback((signal: AbortSignal) => searchMeetings(query, signal), [query]);
  const [found, reload] = useResource({ load, againInMs: once });
  if (found.status === 'loading') return <p className={styles.quiet}>{t('report.asking')}</p>;
  if (found.status === 'failed') return <FailedLoad problem={found.problem} reload={reload} />;
  const { hits } = found.value;
  return (
    <>
      <p className={styles.found} role="status">
        {hits.length === 0 ? t('meetings.notFound', { query }) : t('meetings.found', { count: hits.length, query })}{' '}
        <a href={hashOf({ screen: 'meetings', query: '' })}>{t('meetings.all')}</a>
      </p>
      <ul className={styles.list}>
        {hits.map(({ session_id: sessionId, title, started_at: startedAt, speaker_name: speaker, evidence }) => (
          <li key={evidence.utterance_id}>
            <a
              className={styles.hit}
              href={hashOf({ screen: 'meeting', sessionId, utteranceId: evidence.utterance_id })}
            >
              <q>{withFixedSpaces(evidence.quote)}</q>
              <span className={styles.facts}>
                {speaker}, {clock(evidence.start_ms)} · {title === sessionId ? t('meetings.untitled') : title},{' '}
                {startInWords(startedAt, language)}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
