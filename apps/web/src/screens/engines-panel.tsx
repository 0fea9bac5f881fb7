import type { Engine, Engines } from '@eloquence/shared/contracts/engine';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import styles from './engines-panel.module.css';

const parts = ['stt', 'llm', 'tts'] as const;

/** Who listens, thinks and speaks on this server; a stand-in is called one, with the way to the real thing. */
export function EnginesPanel({ engines }: { readonly engines: Engines | null }) {
  const { t } = useLanguage();
  return (
    <section className={styles.panel} aria-labelledby="engines">
      <h2 id="engines" className={styles.title}>
        {t('home.engines')}
      </h2>
      <dl className={styles.parts}>
        {parts.map((part) => (
          <Part key={part} part={part} engine={engines === null ? undefined : engines[part]} />
        ))}
      </dl>
    </section>
  );
}

/** `undefined`: not known yet; `null`: that service does not answer. */
function Part({ part, engine }: { readonly part: (typeof parts)[number]; readonly engine: Engine | null | undefined }) {
  const { t, language } = useLanguage();
  return (
    <div className={styles.part}>
      <dt className={styles.role}>{t(`engine.${part}`)}</dt>
      <dd className={styles.value}>
        {engine == null ? null : (
          <span className={styles.label} data-name={engine.label.startsWith(engine.id)}>
            {withFixedSpaces(language === 'fr' ? engine.label_fr : engine.label)}
          </span>
        )}
        {engine === null ? <span className={styles.quiet}>{t('engine.off')}</span> : null}
        {engine === undefined ? <span className={styles.quiet}>…</span> : null}
        {engine?.demo === true ? (
          <>
            <span className={styles.badge}>{t('engine.demo')}</span>
            {engine.fault === undefined ? <span className={styles.why}>{t(`engine.why.${part}`)}</span> : null}
          </>
        ) : null}
        {engine?.fault === undefined ? null : (
          <span className={styles.fault} lang="en">
            <strong lang={language}>{t('engine.fault')}</strong> {engine.fault}
          </span>
        )}
      </dd>
    </div>
  );
}
