import { useState } from 'react';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { OpeningNotice } from '../screens/opening-notice.tsx';
import styles from '../screens/preflight-screen.module.css';
import { useOpenSession } from '../screens/use-open-session.ts';
import { ScreenTitle } from '../ui/page.tsx';
import { EntryForm } from './entry-form.tsx';
import type { Entry } from './entry-form.tsx';
import formStyles from './entry-form.module.css';
import type { OpenedMeeting } from './use-meeting.ts';

interface MeetingPreflightProps {
  readonly scenario: ScenarioSummary;
  readonly prefetch: () => Promise<unknown>;
  readonly onOpened: (meeting: OpenedMeeting) => void;
}

/** Opens a meeting: its title, who opens it, and that the others were told. */
export function MeetingPreflight({ scenario, prefetch, onOpened }: MeetingPreflightProps) {
  const { t, language } = useLanguage();
  const { opening, open } = useOpenSession();
  const [title, setTitle] = useState(() => t('meeting.defaultName', { date: nowInWords(language) }));
  const [chosen, setChosen] = useState<Language | null>(null);
  const spoken = chosen ?? (scenario.languages.includes(language) ? language : (scenario.languages[0] ?? 'fr'));
  const busy = opening.status === 'opening' || opening.status === 'waiting';

  const enter = ({ name, ...rest }: Entry) => {
    const named = title.trim();
    const meeting = {
      name: named,
      participant_name: name,
      consent: { recording: true, by: name, told: t('meeting.consentTold') },
    };
    open({ scenarioId: scenario.scenario_id, language: spoken, meeting }, (session) =>
      onOpened({
        sessionId: session.session_id,
        title: named,
        joinedAs: null,
        ticket: { url: session.livekit_url, token: session.livekit_token },
        ...rest,
      }),
    );
  };

  return (
    <div className={styles.columns}>
      <div className={styles.intro}>
        <ScreenTitle className={styles.title}>{scenario.title[language]}</ScreenTitle>
        <p className={styles.about}>{withFixedSpaces(scenario.description[language])}</p>
        <p className={styles.about}>{t('meeting.about')}</p>
        {scenario.languages.length > 1 ? (
          <fieldset className={styles.choice}>
            <legend>{t('meeting.language')}</legend>
            {scenario.languages.map((code) => (
              <label key={code} className={styles.option}>
                <input
                  type="radio"
                  name="spoken"
                  value={code}
                  checked={spoken === code}
                  onChange={() => setChosen(code)}
                />
                <span>{t(`language.${code}`)}</span>
              </label>
            ))}
          </fieldset>
        ) : null}
      </div>
      <EntryForm
        title={t('meeting.before')}
        first={
          <label className={formStyles.field}>
            <span>{t('meeting.name')}</span>
            <input
              required
              pattern=".*\S.*"
              maxLength={120}
              value={title}
              onChange={(event) => setTitle(event.target.value)}
            />
          </label>
        }
        consent={
          <label className={formStyles.consent}>
            <input type="checkbox" required />
            <span>{t('meeting.consent')}</span>
          </label>
        }
        busy={busy}
        notice={<OpeningNotice opening={opening} />}
        enter={t('meeting.start')}
        enterQuiet={t('meeting.startQuiet')}
        prefetch={prefetch}
        onEnter={enter}
      />
    </div>
  );
}

function nowInWords(language: Language): string {
  const format = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
  });
  return format.format(new Date());
}
