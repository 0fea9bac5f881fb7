import { useCallback, useEffect, useState } from 'react';
import { getSession } from '../api/client.ts';
import { getReport } from '../api/meeting-client.ts';
import type { ShownReport, ShownReportStatus } from '../api/meeting-schemas.ts';
import type { SessionSummary } from '../api/schemas.ts';
import { useResource } from '../api/use-resource.ts';
import type { Resource } from '../api/use-resource.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { FailedLoad } from '../screens/failed-load.tsx';
import { Notice } from '../ui/notice.tsx';
import { BackLink, Page, ScreenTitle } from '../ui/page.tsx';
import { clock } from '../ui/use-now.ts';
import { hashOf } from '../use-route.ts';
import { AskPanel } from './ask-panel.tsx';
import { LostMeeting } from './lost-meeting.tsx';
import { ReportDownloads } from './report-downloads.tsx';
import { reportNoticeOf } from './report-notice.ts';
import { ReportView } from './report-view.tsx';
import styles from './report-screen.module.css';
import { showUtterance } from './show-utterance.ts';
import { SpeakersPanel } from './speakers-panel.tsx';

const AGAIN_MS = 1_500;
/** What may take long is looked at less often. */
const SLOWLY_AGAIN_MS = 5_000;

interface Known {
  readonly session: SessionSummary;
  readonly status: ShownReportStatus;
}

interface ReportScreenProps {
  readonly sessionId: string;
  /** The sentence to open the transcript at. */
  readonly utteranceId: string | undefined;
}

/** A meeting and its minutes: while they are written, when they are there, and by their address ever after. */
export function ReportScreen({ sessionId, utteranceId }: ReportScreenProps) {
  const { t } = useLanguage();
  /** The revision that a renaming has made out of date. */
  const [outdated, setOutdated] = useState(0);
  const load = useCallback((signal: AbortSignal) => loadKnown(sessionId, signal), [sessionId]);
  const againInMs = useCallback((known: Resource<Known>) => againAfter(known, outdated), [outdated]);
  const [known, reload] = useResource({ load, againInMs });
  if (known.status === 'loading') return <Page>{t('app.loading')}</Page>;
  if (known.status === 'failed') {
    if (known.problem.key === 'problem.not_found') return <LostMeeting why="lost.meeting" reload={reload} />;
    return (
      <Page>
        <FailedLoad problem={known.problem} reload={reload} />
      </Page>
    );
  }
  const { session, status } = known.value;
  return (
    <Page>
      <BackLink href={hashOf({ screen: 'meetings', query: '' })}>{t('meetings.title')}</BackLink>
      <ScreenTitle className={styles.title}>{status.report?.title ?? session.name ?? t('report.eyebrow')}</ScreenTitle>
      {status.report === null ? null : <Facts report={status.report} />}
      <State session={session} status={status} />
      {status.report === null ? null : (
        <Minutes
          status={status}
          report={status.report}
          utteranceId={utteranceId}
          reload={reload}
          renaming={status.revision <= outdated}
          onRenamed={() => setOutdated(status.revision)}
        />
      )}
    </Page>
  );
}

async function loadKnown(sessionId: string, signal: AbortSignal): Promise<Known> {
  const [session, status] = await Promise.all([getSession(sessionId, signal), getReport(sessionId, signal)]);
  return { session, status };
}

/** ms until the minutes are looked at again; `null` when nothing more is on its way. */
function againAfter(known: Resource<Known>, outdated: number): number | null {
  if (known.status !== 'ready') return known.status === 'failed' && known.problem.retryInS !== null ? AGAIN_MS : null;
  const { state, revision } = known.value.status;
  if (state === 'recording') return SLOWLY_AGAIN_MS;
  if (state === 'writing' || revision <= outdated || lacksFiles(known.value.status)) return AGAIN_MS;
  // The server tries again to find a model.
  return state === 'partial' ? SLOWLY_AGAIN_MS : null;
}

/** The large formats come a moment after the minutes themselves. */
function lacksFiles({ formats, failed_formats: failed, report }: ShownReportStatus): boolean {
  const offered = ['pdf', 'docx', ...(report?.transcript ? ['srt'] : [])];
  return report !== null && offered.some((format) => ![...formats, ...failed].some((there) => there === format));
}

function Facts({ report }: { readonly report: ShownReport }) {
  const { t, language } = useLanguage();
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone: report.time_zone,
  });
  const percent = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(report.coverage.percent);
  const values = { date: format.format(new Date(report.started_at)), duration: clock(report.duration_ms), percent };
  return <p className={styles.facts}>{t('report.facts', values)}</p>;
}

/** How the minutes stand, and what to do about it. */
function State({ session, status }: Known) {
  const { t } = useLanguage();
  const notice = reportNoticeOf(status);
  const rejoin =
    status.state === 'recording' ? <a href={`#/join/${session.session_id}`}>{t('report.rejoin')}</a> : null;
  return notice === null ? null : (
    <Notice tone={notice.tone} action={rejoin}>
      {t(notice.key)}
    </Notice>
  );
}

interface MinutesProps {
  readonly status: ShownReportStatus;
  readonly report: ShownReport;
  readonly utteranceId: string | undefined;
  readonly reload: () => void;
  readonly renaming: boolean;
  readonly onRenamed: () => void;
}

function Minutes({ status, report, utteranceId, reload, renaming, onRenamed }: MinutesProps) {
  const { t } = useLanguage();
  useEffect(() => {
    if (utteranceId !== undefined) showUtterance(utteranceId);
  }, [utteranceId]);
  const { session_id: sessionId } = status;
  return (
    <div className={styles.columns}>
      <ReportView report={report} />
      <div className={styles.aside}>
        <ReportDownloads status={status} title={report.title} reload={reload} />
        <SpeakersPanel sessionId={sessionId} speakers={report.speakers} onRenamed={onRenamed} />
        {renaming ? (
          <p className={styles.quiet} role="status">
            {t('report.renamed')}
          </p>
        ) : null}
        <AskPanel sessionId={sessionId} report={report} />
      </div>
    </div>
  );
}
