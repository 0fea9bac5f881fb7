import { useState } from 'react';
import type { RefObject } from 'react';
import { getDigest } from '../api/meeting-client.ts';
import type { ShownDigest } from '../api/meeting-schemas.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { clock } from '../ui/use-now.ts';
import { nameOf } from './meeting-state.ts';
import type { MeetingState } from './meeting-state.ts';
import { Modal } from './modal.tsx';
import styles from './modal.module.css';
import meetingStyles from './meeting-screen.module.css';
import { Items } from './summaries-panel.tsx';

interface MissedDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly sessionId: string;
  readonly names: MeetingState['names'];
  readonly elapsedMs: number;
}

type Asked =
  | { readonly status: 'idle' }
  | { readonly status: 'asking' }
  | { readonly status: 'failed'; readonly problem: Problem }
  | { readonly status: 'told'; readonly digest: ShownDigest };

const choices = ['10', '30', 'all'] as const;

/** For who came late or was away: what was said since. */
export function MissedDialog({ dialog, sessionId, names, elapsedMs }: MissedDialogProps) {
  const { t } = useLanguage();
  const [since, setSince] = useState<(typeof choices)[number]>('10');
  const [asked, setAsked] = useState<Asked>({ status: 'idle' });

  const ask = async () => {
    setAsked({ status: 'asking' });
    const sinceMs = since === 'all' ? 0 : Math.max(0, Math.round(elapsedMs - Number(since) * 60_000));
    try {
      setAsked({ status: 'told', digest: await getDigest(sessionId, sinceMs) });
    } catch (error) {
      setAsked({ status: 'failed', problem: problemOfError(error) });
    }
  };

  return (
    <Modal dialog={dialog} title={t('meeting.missed')}>
      <div className={styles.row}>
        <label className={styles.field}>
          <span>{t('meeting.missedSince')}</span>
          <select
            value={since}
            onChange={(event) => setSince(choices.find((choice) => choice === event.target.value) ?? 'all')}
          >
            {choices.map((choice) => (
              <option key={choice} value={choice}>
                {t(`meeting.since.${choice}`)}
              </option>
            ))}
          </select>
        </label>
        <Button
          look="primary"
          disabled={asked.status === 'asking'}
          onClick={() => {
            ask().catch(() => setAsked({ status: 'idle' }));
          }}
        >
          {t(asked.status === 'asking' ? 'meeting.telling' : 'meeting.tell')}
        </Button>
      </div>
      {asked.status === 'failed' ? <ProblemNotice problem={asked.problem} /> : null}
      {asked.status === 'told' ? <Digest digest={asked.digest} names={names} /> : null}
    </Modal>
  );
}

function Digest({ digest, names }: { readonly digest: ShownDigest; readonly names: MeetingState['names'] }) {
  const { t } = useLanguage();
  const { lines, items, written_by_model: written } = digest;
  if (lines.length === 0 && items.length === 0) return <p>{t('meeting.missedNothing')}</p>;
  return (
    <div aria-live="polite">
      {written || lines.length === 0 ? null : <p className={meetingStyles.empty}>{t('meeting.byRules')}</p>}
      <ul className={meetingStyles.items}>
        {lines.map(({ text, evidence }) => (
          <li key={`${evidence[0]?.utterance_id}-${text}`}>
            {withFixedSpaces(text)}{' '}
            <span className={meetingStyles.time}>
              {evidence.map(({ speaker, start_ms }) => `${nameOf(names, speaker)}, ${clock(start_ms)}`).join(' · ')}
            </span>
          </li>
        ))}
      </ul>
      <Items items={items} />
    </div>
  );
}
