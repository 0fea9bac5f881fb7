import { useEffect, useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { resumeMeters } from '../audio/level-meter.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import type { MicFailure } from '../problem.ts';
import { MicrophoneCheck } from '../screens/microphone-check.tsx';
import { usePreflightMicrophone } from '../screens/use-preflight-microphone.ts';
import { readPersonName, writePersonName } from '../storage.ts';
import { Button } from '../ui/button.tsx';
import { MicIcon } from '../ui/icons.tsx';
import styles from './entry-form.module.css';

/** Who enters, and with which microphone. */
export interface Entry {
  readonly name: string;
  readonly voice: boolean;
  readonly track: MediaStreamTrack | null;
  readonly failure: MicFailure | null;
}

interface EntryFormProps {
  readonly title: string;
  /** Fields before one's own name. */
  readonly first?: ReactNode;
  /** What one agrees to, or was told. */
  readonly consent: ReactNode;
  readonly busy: boolean;
  readonly notice: ReactNode;
  readonly enter: string;
  readonly enterQuiet: string;
  readonly prefetch: () => Promise<unknown>;
  readonly onEnter: (entry: Entry) => void;
}

const NAME_CHARACTERS = 120;

/** The door of a meeting: name, microphone, consent. */
export function EntryForm(props: EntryFormProps) {
  const { t } = useLanguage();
  const { busy, prefetch } = props;
  const { microphone, ask, takeTrack } = usePreflightMicrophone();
  const [name, setName] = useState(readPersonName);
  const open = microphone.status === 'open';

  useEffect(() => {
    prefetch().catch(() => {});
  }, [prefetch]);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    resumeMeters();
    writePersonName(name.trim());
    const voice = open;
    props.onEnter({
      name: name.trim(),
      voice,
      track: voice ? takeTrack() : null,
      failure: microphone.status === 'failed' ? microphone.failure : null,
    });
  };

  return (
    <form className={styles.form} onSubmit={submit}>
      <h2 className={styles.title}>{props.title}</h2>
      {props.first}
      <label className={styles.field}>
        <span>{t('meeting.yourName')}</span>
        <input
          required
          pattern=".*\S.*"
          maxLength={NAME_CHARACTERS}
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <p className={styles.help}>{t('meeting.micWhy')}</p>
      <MicrophoneCheck microphone={microphone} ask={ask} />
      {props.consent}
      {props.notice}
      <div className={styles.actions}>
        {open ? null : (
          <Button
            disabled={
              microphone.status === 'asking' || (microphone.status === 'failed' && microphone.failure === 'insecure')
            }
            onClick={() => ask()}
          >
            <MicIcon />
            {t(askLabel(microphone.status))}
          </Button>
        )}
        <Button type="submit" look={open ? 'primary' : 'plain'} disabled={busy}>
          {busy ? t('meeting.joining') : open ? props.enter : props.enterQuiet}
        </Button>
      </div>
    </form>
  );
}

function askLabel(status: 'idle' | 'asking' | 'failed' | 'open') {
  if (status === 'asking') return 'pre.asking';
  return status === 'failed' ? 'action.retryMic' : 'pre.allow';
}
