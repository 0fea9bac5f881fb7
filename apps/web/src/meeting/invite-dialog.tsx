import { useState } from 'react';
import type { RefObject } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { hashOf } from '../use-route.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Modal } from './modal.tsx';
import styles from './modal.module.css';

interface InviteDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly sessionId: string;
}

/** The link others join by. */
export function InviteDialog({ dialog, sessionId }: InviteDialogProps) {
  const { t } = useLanguage();
  const [copied, setCopied] = useState<boolean | null>(null);
  const { origin, pathname, hostname } = window.location;
  const link = `${origin}${pathname}${hashOf({ screen: 'join', sessionId })}`;
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      // No clipboard outside of secure contexts.
      setCopied(false);
    }
  };

  return (
    <Modal dialog={dialog} title={t('meeting.inviteTitle')}>
      <p>{t('meeting.inviteHelp')}</p>
      <div className={styles.row}>
        <label className={styles.field}>
          <span>{t('meeting.link')}</span>
          <input readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <Button
          onClick={() => {
            copy().catch(() => setCopied(false));
          }}
        >
          {t('meeting.copy')}
        </Button>
      </div>
      {copied === null ? null : <Notice tone="info">{t(copied ? 'meeting.copied' : 'meeting.notCopied')}</Notice>}
      {local ? <Notice tone="info">{t('meeting.inviteLocal')}</Notice> : null}
    </Modal>
  );
}
