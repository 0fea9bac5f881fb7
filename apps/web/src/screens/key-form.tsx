import { useState } from 'react';
import type { SubmitEvent } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { readApiKey, writeApiKey } from '../storage.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import styles from './key-form.module.css';

/** Asks for the access key of this server and keeps it for the tab. */
export function KeyForm({ onKey }: { readonly onKey: () => void }) {
  const { t } = useLanguage();
  const [key, setKey] = useState('');
  const refused = readApiKey() !== null;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (key.trim() === '') return;
    writeApiKey(key.trim());
    onKey();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <h2 className={styles.title}>{t('key.title')}</h2>
      <p className={styles.help}>{t('key.help')}</p>
      {refused ? <Notice tone="alert">{t('key.wrong')}</Notice> : null}
      <label className={styles.field}>
        <span>{t('key.label')}</span>
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      <Button type="submit" look="primary">
        {t('key.submit')}
      </Button>
    </form>
  );
}
