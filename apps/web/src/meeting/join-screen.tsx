import { useCallback, useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import { getSession } from '../api/client.ts';
import { joinMeeting } from '../api/meeting-client.ts';
import { useResource } from '../api/use-resource.ts';
import type { Resource } from '../api/use-resource.ts';
import type { SessionSummary } from '../api/schemas.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { KeyForm } from '../screens/key-form.tsx';
import styles from '../screens/preflight-screen.module.css';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page, ScreenTitle } from '../ui/page.tsx';
import { EntryForm } from './entry-form.tsx';
import type { Entry } from './entry-form.tsx';
import type { OpenedMeeting } from './use-meeting.ts';

interface JoinScreenProps {
  readonly sessionId: string;
  readonly prefetch: () => Promise<unknown>;
  readonly onOpened: (meeting: OpenedMeeting) => void;
}

const once = () => null;

/** The other end of an invitation. */
export function JoinScreen({ sessionId, prefetch, onOpened }: JoinScreenProps) {
  const { t } = useLanguage();
  const load = useCallback((signal: AbortSignal) => findMeeting(sessionId, signal), [sessionId]);
  const [session, reload] = useResource({ load, againInMs: once });
  return (
    <Page>
      <Found session={session} reload={reload} sessionId={sessionId}>
        {(meeting) => <Join meeting={meeting} prefetch={prefetch} onOpened={onOpened} />}
      </Found>
      {session.status === 'loading' ? <p>{t('app.loading')}</p> : null}
    </Page>
  );
}

/** `null`: there is none. */
async function findMeeting(sessionId: string, signal: AbortSignal): Promise<SessionSummary | null> {
  try {
    return await getSession(sessionId, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

interface FoundProps {
  readonly session: Resource<SessionSummary | null>;
  readonly sessionId: string;
  readonly reload: () => void;
  readonly children: (session: SessionSummary) => React.ReactNode;
}

/** The meeting when it can be entered, else why not and what to do. */
function Found({ session, sessionId, reload, children }: FoundProps) {
  const { t } = useLanguage();
  if (session.status === 'loading') return null;
  if (session.status === 'failed') {
    if (session.problem.key === 'problem.unauthorized') return <KeyForm onKey={reload} />;
    return (
      <Notice tone="alert" action={<Button onClick={reload}>{t('app.retry')}</Button>}>
        {t(session.problem.key, { s: session.problem.retryInS ?? 0 })}
      </Notice>
    );
  }
  if (session.value?.kind !== 'meeting') return <Notice tone="alert">{t('meeting.unknown')}</Notice>;
  if (session.value.state !== 'ended') return children(session.value);
  return (
    <Notice tone="info">
      {t('meeting.over')} <a href={`#/meeting/${sessionId}`}>{t('meeting.seeReport')}</a>
    </Notice>
  );
}

function Join({
  meeting,
  prefetch,
  onOpened,
}: Pick<JoinScreenProps, 'prefetch' | 'onOpened'> & { readonly meeting: SessionSummary }) {
  const { t } = useLanguage();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const title = meeting.name ?? t('meeting.joinTitle');

  const enter = async ({ name, ...rest }: Entry) => {
    setBusy(true);
    setProblem(null);
    try {
      const token = await joinMeeting(meeting.session_id, name);
      const ticket = { url: token.livekit_url, token: token.livekit_token };
      onOpened({ sessionId: meeting.session_id, title, joinedAs: name, ticket, ...rest });
    } catch (error) {
      setProblem(problemOfError(error));
      setBusy(false);
    }
  };

  return (
    <div className={styles.columns}>
      <div className={styles.intro}>
        <ScreenTitle className={styles.title}>{title}</ScreenTitle>
        <p className={styles.about}>{t('meeting.about')}</p>
      </div>
      <EntryForm
        title={t('meeting.joinTitle')}
        consent={<p>{t('meeting.consentJoin')}</p>}
        busy={busy}
        notice={problem === null ? null : <Notice tone="alert">{t(problem.key, { s: problem.retryInS ?? 0 })}</Notice>}
        enter={t('meeting.join')}
        enterQuiet={t('meeting.joinQuiet')}
        prefetch={prefetch}
        onEnter={(entry) => {
          enter(entry).catch(() => setBusy(false));
        }}
      />
    </div>
  );
}
