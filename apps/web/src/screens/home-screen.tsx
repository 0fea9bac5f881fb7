import { useCallback } from 'react';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import type { Resource } from '../api/use-resource.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import { ArrowIcon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page, ScreenTitle } from '../ui/page.tsx';
import { VoiceLine } from '../ui/voice-line.tsx';
import { EnginesPanel } from './engines-panel.tsx';
import styles from './home-screen.module.css';
import { KeyForm } from './key-form.tsx';

interface HomeScreenProps {
  readonly scenarios: Resource<readonly ScenarioSummary[]>;
  readonly reload: () => void;
}

/** Two voices at rest, breathing. */
function restingLevels() {
  const breath = Math.sin(performance.now() / 1900);
  return { agent: 0.34 + 0.1 * breath, person: 0.24 - 0.1 * breath, thinking: false };
}

/** What this place is, what one can talk about, and what runs behind it. */
export function HomeScreen({ scenarios, reload }: HomeScreenProps) {
  const { t } = useLanguage();
  const locked = scenarios.status === 'failed' && scenarios.problem.key === 'problem.unauthorized';
  return (
    <Page>
      <div className={styles.columns}>
        <section className={styles.hero}>
          <ScreenTitle className={styles.title}>{t('home.title')}</ScreenTitle>
          <VoiceLine read={restingLevels} className={styles.line} />
          <p className={styles.lead}>{t('home.lead')}</p>
        </section>
        <div className={styles.choices}>
          {locked ? <KeyForm onKey={reload} /> : <Scenarios scenarios={scenarios} reload={reload} />}
        </div>
        {locked ? null : <EnginesPanel />}
      </div>
    </Page>
  );
}

function Scenarios({ scenarios, reload }: HomeScreenProps) {
  const { t, language } = useLanguage();
  const languagesOf = useCallback(
    (scenario: ScenarioSummary) =>
      t('home.languages', { list: scenario.languages.map((code) => t(`language.${code}`)).join(t('language.and')) }),
    [t],
  );
  return (
    <section aria-labelledby="scenarios">
      <h2 id="scenarios" className={styles.subtitle}>
        {t('home.scenarios')}
      </h2>
      {scenarios.status === 'loading' ? <p className={styles.quiet}>{t('app.loading')}</p> : null}
      {scenarios.status === 'failed' ? (
        <Notice tone="alert" action={<Button onClick={reload}>{t('app.retry')}</Button>}>
          {t(scenarios.problem.key, { s: scenarios.problem.retryInS ?? 0 })}
        </Notice>
      ) : null}
      {scenarios.status === 'ready' && scenarios.value.length === 0 ? (
        <Notice tone="info">
          <strong>{t('home.noScenario')}</strong> {t('home.noScenarioHelp')}
        </Notice>
      ) : null}
      {scenarios.status === 'ready' ? (
        <ul className={styles.list}>
          {scenarios.value.map((scenario) => (
            <li key={scenario.scenario_id}>
              <a className={styles.scenario} href={`#/prepare/${scenario.scenario_id}`}>
                <span className={styles.name}>{scenario.title[language]}</span>
                <span className={styles.arrow}>
                  <ArrowIcon />
                </span>
                <span className={styles.about}>{scenario.description[language]}</span>
                <span className={styles.languages}>{languagesOf(scenario)}</span>
              </a>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
