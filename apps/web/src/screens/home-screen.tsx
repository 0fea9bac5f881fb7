import { useCallback } from 'react';
import type { Engines } from '@eloquence/shared/contracts/engine';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import { useEngines } from '../api/use-engines.ts';
import type { Resource } from '../api/use-resource.ts';
import { hearingOf, startLanguage } from '../hearing.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { ArrowIcon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { hashOf } from '../use-route.ts';
import { Page, ScreenTitle } from '../ui/page.tsx';
import { VoiceLine } from '../ui/voice-line.tsx';
import { DemoNotice } from './demo-notice.tsx';
import { EnginesPanel } from './engines-panel.tsx';
import styles from './home-screen.module.css';
import { KeyForm } from './key-form.tsx';

interface HomeScreenProps {
  readonly scenarios: Resource<readonly ScenarioSummary[]>;
  readonly reload: () => void;
}

/** The whole list is shown where one speaks. */
const HOME_EXAMPLES = 3;

/** Two voices at rest, breathing. */
function restingLevels() {
  const breath = Math.sin(performance.now() / 1900);
  return { agent: 0.34 + 0.1 * breath, person: 0.24 - 0.1 * breath, thinking: false };
}

/** What this place is, what one can talk about, and what runs behind it. */
export function HomeScreen({ scenarios, reload }: HomeScreenProps) {
  const { t } = useLanguage();
  const engines = useEngines();
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
          {locked ? <KeyForm onKey={reload} /> : <Scenarios scenarios={scenarios} reload={reload} engines={engines} />}
        </div>
        {locked ? null : <EnginesPanel engines={engines} />}
      </div>
    </Page>
  );
}

function Scenarios({ scenarios, reload, engines }: HomeScreenProps & { readonly engines: Engines | null }) {
  const { t, language } = useLanguage();
  const recogniser = engines?.stt;
  const languagesOf = useCallback(
    ({ languages, kind }: ScenarioSummary) => {
      const listOf = (codes: ScenarioSummary['languages']) =>
        codes.map((code) => t(`language.${code}`)).join(t('language.and'));
      if (kind === 'meeting') return t('home.languages', { list: listOf(languages) });
      const written = languages.filter((code) => hearingOf(recogniser, code).understands === 'none');
      const spoken = languages.filter((code) => !written.includes(code));
      if (spoken.length === 0) return t('home.writtenOnly', { list: listOf(written) });
      if (written.length === 0) return t('home.languages', { list: listOf(spoken) });
      return t('home.languagesAndWritten', { list: listOf(spoken), written: listOf(written) });
    },
    [t, recogniser],
  );
  return (
    <section aria-labelledby="scenarios">
      <h2 id="scenarios" className={styles.subtitle}>
        {t('home.scenarios')}
      </h2>
      {scenarios.status === 'loading' ? <p className={styles.quiet}>{t('app.loading')}</p> : null}
      {scenarios.status === 'failed' ? <ProblemNotice problem={scenarios.problem} onRetry={reload} /> : null}
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
                <span className={styles.about}>{withFixedSpaces(scenario.description[language])}</span>
                <span className={styles.languages}>{languagesOf(scenario)}</span>
              </a>
            </li>
          ))}
        </ul>
      ) : null}
      <p className={styles.past}>
        <a href={hashOf({ screen: 'meetings', query: '' })}>
          {t('meetings.title')} <ArrowIcon />
        </a>
        <span>{t('meetings.about')}</span>
      </p>
      {scenarios.status === 'ready' && scenarios.value.length > 0 ? (
        <div className={styles.demo}>
          <DemoNotice
            recogniser={recogniser}
            language={startLanguage(recogniser, ['fr', 'en'], language)}
            atMost={HOME_EXAMPLES}
          />
        </div>
      ) : null}
    </section>
  );
}
