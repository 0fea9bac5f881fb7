import { useState } from 'react';
import type { SubmitEvent } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { SendIcon } from '../ui/icons.tsx';
import styles from './composer.module.css';

/** Longest message: the assistant reads it as one turn. */
const MAX_CHARACTERS = 2_000;

/** Writing instead of speaking, at any moment of the call. */
export function Composer({ write }: { readonly write: (text: string) => Promise<boolean> }) {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const [failed, setFailed] = useState(false);

  const send = async () => {
    const message = text.trim();
    if (message === '') return;
    setText('');
    setFailed(false);
    if (await write(message)) return;
    setText((now) => (now === '' ? message : now));
    setFailed(true);
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    send().catch(() => setFailed(true));
  };

  return (
    <form className={styles.composer} onSubmit={submit}>
      {failed ? (
        <p className={styles.failed} role="alert">
          {t('problem.notSent')}
        </p>
      ) : null}
      <input
        className={styles.field}
        aria-label={t('call.write')}
        placeholder={t('call.writeHint')}
        autoComplete="off"
        enterKeyHint="send"
        maxLength={MAX_CHARACTERS}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className={styles.send} aria-label={t('call.send')} disabled={text.trim() === ''}>
        <SendIcon />
      </button>
    </form>
  );
}
