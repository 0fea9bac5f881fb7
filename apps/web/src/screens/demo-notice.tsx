import type { Engine } from '@eloquence/shared/contracts/engine';
import type { Language } from '@eloquence/shared/contracts/ids';
import { useLanguage } from '../i18n/language-context.tsx';
import { hearingOf } from '../hearing.ts';
import { Notice } from '../ui/notice.tsx';
import { Sentences } from '../ui/sentences.tsx';

interface DemoNoticeProps {
  readonly recogniser: Engine | null | undefined;
  /** Of the conversation. */
  readonly language: Language;
  /** How many sentences are shown. */
  readonly atMost: number;
}

/** Says that only prepared sentences are understood, and which; nothing where the recogniser is a real one. */
export function DemoNotice({ recogniser, language, atMost }: DemoNoticeProps) {
  const { t } = useLanguage();
  const hearing = hearingOf(recogniser, language);
  if (hearing.understands !== 'prepared') return null;
  return (
    <Notice tone="info">
      <p>
        <strong>{t('demo.title')}</strong> {t('demo.hears', { language: t(`language.${language}`) })}{' '}
        {hearing.examples.length > 0 ? t('demo.try') : null}
      </p>
      <Sentences sentences={hearing.examples.slice(0, atMost)} language={language} />
    </Notice>
  );
}
