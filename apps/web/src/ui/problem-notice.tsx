import { useLanguage } from '../i18n/language-context.tsx';
import type { Problem } from '../problem.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

interface ProblemNoticeProps {
  readonly problem: Problem;
  /** Asks once more. */
  readonly onRetry?: (() => void) | undefined;
}

/** What is in the way, and what to do about it. */
export function ProblemNotice({ problem, onRetry }: ProblemNoticeProps) {
  const { t } = useLanguage();
  const { key, retryInS } = problem;
  return (
    <Notice tone="alert" action={onRetry === undefined ? null : <Button onClick={onRetry}>{t('app.retry')}</Button>}>
      {t(key)} {retryInS === null ? null : t('problem.tryIn', { s: retryInS })}
    </Notice>
  );
}
