import { useLanguage } from '../i18n/language-context.tsx';
import type { MessageKey } from '../i18n/fr.ts';
import { LanguageSwitch } from '../ui/language-switch.tsx';
import { clock } from '../ui/use-now.ts';
import styles from './call-header.module.css';
import type { CallState } from './call-state.ts';

interface CallHeaderProps {
  readonly title: string;
  readonly state: CallState;
  readonly elapsedMs: number;
}

/** What the call is, for how long, and how the line is. */
export function CallHeader({ title, state, elapsedMs }: CallHeaderProps) {
  const { t } = useLanguage();
  return (
    <header className={styles.header}>
      <h1 className={styles.title}>{title}</h1>
      <p className={styles.facts}>
        <span className={styles.link} data-link={lineOf(state)} role="status">
          {t(`link.${lineOf(state)}` satisfies MessageKey)}
        </span>
        <span role="timer" aria-label={t('call.timer')} className={styles.timer}>
          {clock(elapsedMs)}
        </span>
      </p>
      <span className={styles.language}>
        <LanguageSwitch />
      </span>
    </header>
  );
}

/** The line in one word. */
function lineOf(state: CallState): 'connecting' | 'connected' | 'weak' | 'resuming' | 'lost' {
  if (state.link === 'connected' && state.weakNetwork) return 'weak';
  return state.link === 'elsewhere' || state.link === 'blocked' ? 'lost' : state.link;
}
