import { useState } from 'react';
import type { SubmitEvent } from 'react';
import { renameSpeaker } from '../api/meeting-client.ts';
import type { ShownReport } from '../api/meeting-schemas.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { clock } from '../ui/use-now.ts';
import styles from './report-screen.module.css';

interface SpeakersPanelProps {
  readonly sessionId: string;
  readonly speakers: ShownReport['speakers'];
  readonly onRenamed: () => void;
}

/** Who spoke for how long; a wrong name is mended here, everywhere, without a model. */
export function SpeakersPanel({ sessionId, speakers, onRenamed }: SpeakersPanelProps) {
  const { t } = useLanguage();
  const [editing, setEditing] = useState<string | null>(null);
  if (speakers.length === 0) return null;
  return (
    <section className={styles.panel}>
      <h2 className={styles.subtitle}>{t('report.speakers')}</h2>
      <ul className={styles.speakers}>
        {speakers.map(({ speaker, name, talk_ms, share }) => (
          <li key={speaker}>
            {editing === speaker ? (
              <Rename
                sessionId={sessionId}
                speaker={speaker}
                name={name}
                onDone={(renamed) => {
                  setEditing(null);
                  if (renamed) onRenamed();
                }}
              />
            ) : (
              <>
                <span>
                  <b>{name}</b>{' '}
                  <span className={styles.time}>
                    {clock(talk_ms)} ({Math.round(share * 100)} %)
                  </span>
                </span>
                <Button look="quiet" aria-label={`${t('report.rename')} ${name}`} onClick={() => setEditing(speaker)}>
                  {t('report.rename')}
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RenameProps {
  readonly sessionId: string;
  readonly speaker: string;
  readonly name: string;
  readonly onDone: (renamed: boolean) => void;
}

function Rename({ sessionId, speaker, name, onDone }: RenameProps) {
  const { t } = useLanguage();
  const [value, setValue] = useState(name);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async () => {
    const wanted = value.trim();
    if (wanted === name) return onDone(false);
    try {
      await renameSpeaker(sessionId, speaker, wanted);
      onDone(true);
    } catch (error) {
      setProblem(problemOfError(error));
    }
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    save().catch(() => onDone(false));
  };
  return (
    <form className={styles.rename} onSubmit={submit}>
      <input
        required
        pattern=".*\S.*"
        maxLength={120}
        aria-label={t('report.renameField', { name })}
        value={value}
        onChange={(event) => setValue(event.target.value)}
        ref={(input) => input?.focus()}
      />
      <Button type="submit">{t('report.save')}</Button>
      <Button look="quiet" onClick={() => onDone(false)}>
        {t('report.cancel')}
      </Button>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </form>
  );
}
