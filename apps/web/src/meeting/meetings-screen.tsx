import { useCallback, useState } from 'react';
import type { SubmitEvent } from 'react';
import type { MeetingList } from '@eloquence/shared/contracts/meeting-api';
import { listMeetings } from '../api/meeting-client.ts';
import { useResource } from '../api/use-resource.ts';
import type { Resource } from '../api/use-resource.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { FailedLoad } from '../screens/failed-load.tsx';
import { Button } from '../ui/button.tsx';
import { BackLink, Page, ScreenTitle } from '../ui/page.tsx';
import { goTo, hashOf } from '../use-route.ts';
import { lengthInWords, startInWords } from './meeting-words.ts';
import styles from './meetings-screen.module.css';
import { SearchHits } from './search-hits.tsx';

/** While a meeting goes on or its minutes are written, the list is looked at again. */
const AGAIN_MS = 5_000;

type ListedMeeting = MeetingList['meetings'][number];

/** Every meeting there is, and words looked for in all of them. `query` empty: the list. */
export function MeetingsScreen({ query }: { readonly query: string }) {
  const { t } = useLanguage();
  return (
    <Page>
      <BackLink href="#/">{t('app.back')}</BackLink>
      <ScreenTitle className={styles.title}>{t('meetings.title')}</ScreenTitle>
      <Search key={query} query={query} />
      {query === '' ? <MeetingPages cursor={null} /> : <SearchHits key={query} query={query} />}
    </Page>
  );
}

/** The words looked for stand in the address: back from a meeting, one sees what was found. */
function Search({ query }: { readonly query: string }) {
  const { t } = useLanguage();
  const [words, setWords] = useState(query);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    goTo({ screen: 'meetings', query: words.trim() });
  };
  return (
    <form className={styles.search} role="search" onSubmit={submit}>
      <input
        type="search"
        required
        pattern=".*\S.*\S.*"
        maxLength={200}
        aria-label={t('meetings.search')}
        placeholder={t('meetings.searchHint')}
        title={t('meetings.searchShort')}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <Button type="submit">{t('meetings.find')}</Button>
    </form>
  );
}

/** One page of the list, and the older ones below it when they are asked for. */
function MeetingPages({ cursor }: { readonly cursor: string | null }) {
  const { t } = useLanguage();
  const load = useCallback((signal: AbortSignal) => listMeetings(cursor, signal), [cursor]);
  const [page, reload] = useResource({ load, againInMs });
  const [older, setOlder] = useState<string | null>(null);
  if (page.status === 'loading') return <p className={styles.quiet}>{t('app.loading')}</p>;
  if (page.status === 'failed') return <FailedLoad problem={page.problem} reload={reload} />;
  const { meetings, next_cursor: next } = page.value;
  if (meetings.length === 0 && cursor === null) return <NoMeetings />;
  return (
    <>
      <ul className={styles.list}>
        {meetings.map((meeting) => (
          <Row key={meeting.session_id} meeting={meeting} />
        ))}
      </ul>
      {older !== null ? <MeetingPages key={older} cursor={older} /> : null}
      {older === null && next !== null ? (
        <Button className={styles.older} onClick={() => setOlder(next)}>
          {t('meetings.older')}
        </Button>
      ) : null}
    </>
  );
}

function againInMs(page: Resource<MeetingList>): number | null {
  if (page.status !== 'ready') return null;
  return page.value.meetings.some(({ state }) => state === 'recording' || state === 'writing') ? AGAIN_MS : null;
}

function Row({ meeting }: { readonly meeting: ListedMeeting }) {
  const { t, language } = useLanguage();
  const { session_id: sessionId, title, started_at: startedAt, state, duration_ms: durationMs } = meeting;
  return (
    <li>
      <a className={styles.meeting} href={hashOf({ screen: 'meeting', sessionId })}>
        <span className={styles.name}>{title ?? t('meetings.untitled')}</span>
        <span className={styles.facts}>
          <time dateTime={startedAt}>{startInWords(startedAt, language)}</time>
          {durationMs === null ? null : <> · {lengthInWords(durationMs, t)}</>}
        </span>
        <span className={`${styles.state} ${styles[state]}`}>{t(`meetings.state.${state}`)}</span>
      </a>
    </li>
  );
}

function NoMeetings() {
  const { t } = useLanguage();
  return (
    <div className={styles.none}>
      <p>{t('meetings.none')}</p>
      <a href={hashOf({ screen: 'prepare', scenarioId: 'meeting' })}>{t('meetings.first')}</a>
    </div>
  );
}
