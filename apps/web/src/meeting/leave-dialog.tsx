import type { RefObject } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import { Modal } from './modal.tsx';
import styles from './modal.module.css';

interface LeaveDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly onLeave: () => void;
  readonly onEnd: () => void;
}

/** Asks whether the others go on. */
export function LeaveDialog({ dialog, onLeave, onEnd }: LeaveDialogProps) {
  const { t } = useLanguage();
  return (
    <Modal dialog={dialog} title={t('meeting.leaveTitle')}>
      <p>{t('meeting.leaveHelp')}</p>
      <div className={styles.row}>
        <Button
          look="primary"
          onClick={() => {
            dialog.current?.close();
            onEnd();
          }}
        >
          {t('meeting.endAll')}
        </Button>
        <Button onClick={onLeave}>{t('meeting.leaveOnly')}</Button>
      </div>
    </Modal>
  );
}
