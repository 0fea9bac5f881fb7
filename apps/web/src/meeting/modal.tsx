import { useId } from 'react';
import type { ReactNode, RefObject } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import styles from './modal.module.css';

interface ModalProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly title: string;
  readonly children: ReactNode;
}

/** A window over the meeting. Escape and the button close it. */
export function Modal({ dialog, title, children }: ModalProps) {
  const { t } = useLanguage();
  const id = useId();
  return (
    <dialog ref={dialog} className={styles.modal} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        <Button look="quiet" onClick={() => dialog.current?.close()}>
          {t('call.close')}
        </Button>
      </div>
      {children}
    </dialog>
  );
}
