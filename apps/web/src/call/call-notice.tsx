import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import type { Notice as NoticeContent, NoticeAction } from './notice.ts';

interface CallNoticeProps {
  readonly notice: NoticeContent | null;
  readonly actions: Readonly<Record<NoticeAction, () => void>>;
}

/** The one thing in the way, and the button out of it. */
export function CallNotice({ notice, actions }: CallNoticeProps) {
  const { t } = useLanguage();
  if (notice === null) return null;
  const { action } = notice;
  const button =
    action === null ? null : (
      <Button onClick={actions[action]}>{t(action === 'retry' ? 'app.retry' : `action.${action}`)}</Button>
    );
  return (
    <Notice tone={notice.tone} action={button}>
      {t(notice.key)}
    </Notice>
  );
}
