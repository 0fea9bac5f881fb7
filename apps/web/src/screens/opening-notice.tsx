import { useLanguage } from '../i18n/language-context.tsx';
import { Notice } from '../ui/notice.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { useNow } from '../ui/use-now.ts';
import type { Opening } from './use-open-session.ts';

/** Why the line is not open yet. */
export function OpeningNotice({ opening }: { readonly opening: Opening }) {
  const { t } = useLanguage();
  const nowMs = useNow(250, opening.status === 'waiting');
  if (opening.status === 'failed') return <ProblemNotice problem={opening.problem} />;
  if (opening.status !== 'waiting') return null;
  const s = Math.max(0, Math.ceil((opening.retryAtMs - nowMs) / 1000));
  return (
    <Notice tone="info">
      {t(opening.problem.key)} {t('problem.againIn', { s })}
    </Notice>
  );
}
