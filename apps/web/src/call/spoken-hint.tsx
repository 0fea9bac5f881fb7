import { useState } from 'react';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { Hearing } from '../hearing.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { ChevronIcon } from '../ui/icons.tsx';
import { Sentences } from '../ui/sentences.tsx';
import styles from './spoken-hint.module.css';

/** As many as fit on a phone without scrolling. */
const AT_MOST = 6;

interface SpokenHintProps {
  readonly hearing: Hearing;
  readonly language: Language;
  /** The person has said or written something: what to say is known, and the list folds. */
  readonly begun: boolean;
}

/** What one may say to a demo recogniser, or that one can only write; nothing where free speech is understood. */
export function SpokenHint({ hearing, language, begun }: SpokenHintProps) {
  const { t } = useLanguage();
  const [chosen, setChosen] = useState<boolean | null>(null);
  if (hearing.understands === 'free') return null;
  if (hearing.understands === 'none') {
    return (
      <p className={`${styles.hint} ${styles.sentence}`} role="note">
        {t('demo.unheard', { language: t(`language.the.${language}`) })}
      </p>
    );
  }
  const open = chosen ?? !begun;
  return (
    <details className={styles.hint} open={open}>
      <summary
        className={styles.summary}
        onClick={(event) => {
          event.preventDefault();
          setChosen(!open);
        }}
      >
        <span>{t('demo.callHint')}</span>
        <span className={styles.chevron}>
          <ChevronIcon />
        </span>
      </summary>
      <div className={styles.sentences}>
        <p>{t('demo.try')}</p>
        <Sentences sentences={hearing.examples.slice(0, AT_MOST)} language={language} />
      </div>
    </details>
  );
}
