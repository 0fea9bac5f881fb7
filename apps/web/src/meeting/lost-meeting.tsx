import { useLanguage } from '../i18n/language-context.tsx';
import type { MessageKey } from '../i18n/fr.ts';
import { readApiKey, writeApiKey } from '../storage.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { BackLink, Page, ScreenTitle } from '../ui/page.tsx';
import { hashOf } from '../use-route.ts';
import styles from './meetings-screen.module.css';

interface LostMeetingProps {
  readonly why: Extract<MessageKey, `lost.${string}`>;
  /** Asks the server once more, where it was asked at all. */
  readonly reload?: () => void;
}

/** A link that leads to no meeting: why, and where to go from here. */
export function LostMeeting({ why, reload }: LostMeetingProps) {
  const { t } = useLanguage();
  // Meetings of one key are not found with another.
  const otherKey =
    reload === undefined || readApiKey() === null ? null : (
      <Button
        onClick={() => {
          writeApiKey(null);
          reload();
        }}
      >
        {t('key.change')}
      </Button>
    );
  return (
    <Page>
      <BackLink href={hashOf({ screen: 'meetings', query: '' })}>{t('meetings.title')}</BackLink>
      <ScreenTitle className={styles.title}>{t('lost.title')}</ScreenTitle>
      <Notice tone="alert" action={otherKey}>
        {t(why)} {otherKey === null ? null : t('lost.key')}
      </Notice>
    </Page>
  );
}
