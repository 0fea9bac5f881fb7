import { useCallback, useState } from 'react';
import { getSession } from '../api/client.ts';
import { joinMeeting } from '../api/meeting-client.ts';
import { useResource } from '../api/use-resource.ts';
import type { SessionSummary } from '../api/schemas.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { FailedLoad } from '../screens/failed-load.tsx';
import styles from '../screens/preflight-screen.module.css';
import { Notice } from '../ui/notice.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Page, ScreenTitle } from '../ui/page.tsx';
import { hashOf } from '../use-route.ts';
import { EntryForm } from './entry-form.tsx';
import type { Entry } from './entry-form.tsx';
import { LostMeeting } from './lost-meeting.tsx';
import type { OpenedMeeting } from './use-meeting.ts';

interface JoinScreenProps {
  readonly sessionId: string;
  readonly prefetch: () => Promise<unknown>;
  readonly onOpened: (meeting: OpenedMeeting) => void;
}

const once = () => null;

/** The other end of an invitation: the door when the meeting can be entered, else why not and what to do. */
export function JoinScreen({ sessionId, prefetch, onOpened }: JoinScreenProps) {
  const { t } = useLanguage();
  const load = useCallback((signal: AbortSignal) => getSession(sessionId, signal), [sessionId]);
  const [session, reload] = useResource({ load, againInMs: once });
  if (session.status === 'loading') return <Page>{t('app.loading')}</Page>;
  if (session.status === 'failed') {
    if (session.problem.key === 'problem.not_found') return <LostMeeting why="lost.invitation" reload={reload} />;
    return (
      <Page>
        <FailedLoad problem={session.problem} reload={reload} />
      </Page>
    );
  }
  const meeting = session.value;
  if (meeting.kind !== 'meeting') return <LostMeeting why="lost.invitation" />;
  return (
    <Page>
      {meeting.state === 'ended' ? (
        <Over meeting={meeting} />
      ) : (
        <Join meeting={meeting} reload={reload} prefetch={prefetch} onOpened={onOpened} />
      )}
    </Page>
  );
}

function Over({ meeting }: { readonly meeting: SessionSummary }) {
  const { t } = useLanguage();
  return (
    <>
      <ScreenTitle className={styles.title}>{meeting.name ?? t('meetings.untitled')}</ScreenTitle>
      <Notice
        tone="info"
        action={<a href={hashOf({ screen: 'meeting', sessionId: meeting.session_id })}>{t('meeting.seeReport')}</a>}
      >
        {t('meeting.over')}
      </Notice>
    </>
  );
}

interface JoinProps extends Pick<JoinScreenProps, 'prefetch' | 'onOpened'> {
  readonly meeting: SessionSummary;
  /** Asks anew how the meeting stands. */
  readonly reload: () => void;
}

function Join({ meeting, reload, prefetch, onOpened }: JoinProps) {
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
      const met = problemOfError(error);
      setProblem(met);
      // It ended, or was erased, while its door was open: the screen that says so has the way on.
      if (met.key === 'problem.meeting_over' || met.key === 'problem.not_found') reload();
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
        notice={problem === null ? null : <ProblemNotice problem={problem} />}
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
