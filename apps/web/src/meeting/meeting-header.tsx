import headerStyles from '../call/call-header.module.css';
import { useLanguage } from '../i18n/language-context.tsx';
import type { MessageKey } from '../i18n/fr.ts';
import { LanguageSwitch } from '../ui/language-switch.tsx';
import { clock } from '../ui/use-now.ts';
import styles from './meeting-screen.module.css';
import type { MeetingState } from './meeting-state.ts';

interface MeetingHeaderProps {
  readonly title: string;
  readonly state: MeetingState;
  readonly nowMs: number;
}

/** Which meeting, for how long, whether it is being recorded, and how the line is. */
export function MeetingHeader({ title, state, nowMs }: MeetingHeaderProps) {
  const { t } = useLanguage();
  const line = lineOf(state);
  return (
    <header className={headerStyles.header}>
      <h1 className={headerStyles.title}>{title}</h1>
      <p className={headerStyles.facts}>
        <span className={headerStyles.link} data-link={line} role="status">
          {t(`link.${line}` satisfies MessageKey)}
        </span>
        <span className={styles.recording} data-paused={state.paused} role="status">
          {t(state.paused ? 'meeting.paused' : 'meeting.recording')}
        </span>
        <span role="timer" aria-label={t('meeting.timer')} className={headerStyles.timer}>
          {clock(state.startedAtMs === null ? 0 : nowMs - state.startedAtMs)}
        </span>
      </p>
      <span className={headerStyles.language}>
        <LanguageSwitch />
      </span>
    </header>
  );
}

function lineOf({ link, weakNetwork }: MeetingState): 'connecting' | 'connected' | 'weak' | 'resuming' | 'lost' {
  if (link === 'connected' && weakNetwork) return 'weak';
  return link === 'elsewhere' || link === 'blocked' ? 'lost' : link;
}
