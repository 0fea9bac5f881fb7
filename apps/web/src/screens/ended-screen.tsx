import { useCallback, useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import { getSession, getTranscript, getTranscriptFile } from '../api/client.ts';
import type { TranscriptFormat } from '../api/client.ts';
import type { SessionSummary } from '../api/schemas.ts';
import { useResource } from '../api/use-resource.ts';
import type { Resource } from '../api/use-resource.ts';
import type { EndedCall } from '../call/use-hang-up.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import { Dialogue } from '../ui/dialogue.tsx';
import type { DialogueLine } from '../ui/dialogue.tsx';
import { DownloadIcon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Page, ScreenTitle } from '../ui/page.tsx';
import { saveFile } from '../ui/save-file.ts';
import { clock } from '../ui/use-now.ts';
import styles from './ended-screen.module.css';
import { KeyForm } from './key-form.tsx';

interface Ended {
  readonly session: SessionSummary;
  readonly lines: readonly DialogueLine[];
}

interface EndedScreenProps {
  readonly sessionId: string;
  /** What this tab knows of the call, shown until the server's record is there. */
  readonly call: EndedCall | null;
}

const formats = ['txt', 'srt', 'json'] as const satisfies readonly TranscriptFormat[];
const RECORD_AGAIN_MS = 1_000;

/** After the call: everything that was said, to keep or to go on from. */
export function EndedScreen({ sessionId, call }: EndedScreenProps) {
  const { t } = useLanguage();
  const known = call?.lines.length ?? 0;
  const load = useCallback((signal: AbortSignal) => loadEnded(sessionId, signal), [sessionId]);
  // The record trails the call by a moment: look again until it holds what this page has seen.
  const againInMs = useCallback(
    (ended: Resource<Ended>) =>
      ended.status === 'ready' && (ended.value.lines.length < known || ended.value.session.state !== 'ended')
        ? RECORD_AGAIN_MS
        : null,
    [known],
  );
  const [ended, reload] = useResource({ load, againInMs });
  const locked = ended.status === 'failed' && ended.problem.key === 'problem.unauthorized';
  const { lines, reason, durationMs, scenarioId } = merge(ended.status === 'ready' ? ended.value : null, call);

  return (
    <Page>
      <div className={styles.columns}>
        <div className={styles.aside}>
          <ScreenTitle className={styles.title}>{t('ended.title')}</ScreenTitle>
          <p className={styles.lead}>
            {reason === null ? null : <>{t(`ended.reason.${reason}`)} </>}
            {durationMs === null ? t('ended.leadPlain') : t('ended.lead', { duration: clock(durationMs) })}
          </p>
          <div className={styles.next}>
            {scenarioId === null ? null : (
              <a className={styles.again} href={`#/prepare/${scenarioId}`}>
                {t('ended.again')}
              </a>
            )}
            <a className={styles.other} href="#/">
              {t('ended.home')}
            </a>
          </div>
          {locked ? null : <Downloads sessionId={sessionId} />}
        </div>
        <section className={styles.words} aria-label={t('call.transcript')}>
          {locked ? <KeyForm onKey={reload} /> : null}
          {ended.status === 'failed' && !locked ? <ProblemNotice problem={ended.problem} onRetry={reload} /> : null}
          {lines === null && ended.status === 'loading' ? <p>{t('ended.loading')}</p> : null}
          {lines?.length === 0 ? <p>{t('ended.empty')}</p> : null}
          <Dialogue lines={lines ?? []} />
        </section>
      </div>
    </Page>
  );
}

/** The server's record, completed by what this tab saw while the record is still on its way. */
function merge(record: Ended | null, call: EndedCall | null) {
  const complete = record !== null && record.lines.length >= (call?.lines.length ?? 0);
  return {
    lines: complete ? record.lines : (call?.lines ?? record?.lines ?? null),
    reason: call?.reason ?? record?.session.end_reason ?? null,
    durationMs: call?.durationMs ?? durationOf(record?.session),
    scenarioId: call?.scenarioId ?? record?.session.scenario_id ?? null,
  };
}

async function loadEnded(sessionId: string, signal: AbortSignal): Promise<Ended> {
  const [session, transcript] = await Promise.all([getSession(sessionId, signal), getTranscript(sessionId, signal)]);
  const lines = transcript.utterances.map(({ utterance_id: id, role, speaker, text }) => ({ id, role, speaker, text }));
  return { session, lines };
}

function durationOf(session: SessionSummary | undefined): number | null {
  if (session?.started_at == null || session.ended_at === null) return null;
  return Date.parse(session.ended_at) - Date.parse(session.started_at);
}

function Downloads({ sessionId }: { readonly sessionId: string }) {
  const { t } = useLanguage();
  const [failed, setFailed] = useState(false);
  const download = async (format: TranscriptFormat) => {
    setFailed(false);
    try {
      saveFile(await getTranscriptFile(sessionId, format), `${sessionId}.${format}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailed(true);
    }
  };
  return (
    <div className={styles.downloads}>
      <h2 className={styles.subtitle}>{t('ended.download')}</h2>
      <div className={styles.formats}>
        {formats.map((format) => (
          <Button
            key={format}
            onClick={() => {
              download(format).catch(() => setFailed(true));
            }}
          >
            <DownloadIcon />
            {t(`ended.${format}`)}
          </Button>
        ))}
      </div>
      {failed ? <Notice tone="alert">{t('problem.download')}</Notice> : null}
    </div>
  );
}
