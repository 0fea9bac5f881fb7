import type { ReactNode } from 'react';
import { AlertIcon, InfoIcon } from './icons.tsx';
import styles from './notice.module.css';

interface NoticeProps {
  readonly tone: 'alert' | 'info';
  readonly children: ReactNode;
  /** One button at most: the way out. */
  readonly action?: ReactNode;
}

/** A sentence about what is in the way, said to screen readers too. */
export function Notice({ tone, children, action }: NoticeProps) {
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === 'alert' ? 'alert' : 'status'}>
      <span className={styles.icon}>{tone === 'alert' ? <AlertIcon /> : <InfoIcon />}</span>
      <div className={styles.text}>{children}</div>
      {action !== undefined && action !== null ? <div className={styles.action}>{action}</div> : null}
    </div>
  );
}
