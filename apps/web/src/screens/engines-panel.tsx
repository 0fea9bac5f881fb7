import type { Engine, Engines } from '@eloquence/shared/contracts/engine';
import { getEngines } from '../api/client.ts';
import { useResource } from '../api/use-resource.ts';
import type { Resource } from '../api/use-resource.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import styles from './engines-panel.module.css';

const parts = ['stt', 'llm', 'tts'] as const;
const ENGINES_AGAIN_MS = 5_000;

function againInMs(engines: Resource<Engines>): number | null {
  const complete = engines.status === 'ready' && parts.every((part) => engines.value[part] !== null);
  return complete || engines.status === 'loading' ? null : ENGINES_AGAIN_MS;
}

/** Who listens, thinks and speaks on this server; a stand-in is called one, with the way to the real thing. */
export function EnginesPanel() {
  const { t } = useLanguage();
  const [engines] = useResource({ load: getEngines, againInMs });
  return (
    <section className={styles.panel} aria-labelledby="engines">
      <h2 id="engines" className={styles.title}>
        {t('home.engines')}
      </h2>
      <dl className={styles.parts}>
        {parts.map((part) => (
          <Part key={part} part={part} engine={engines.status === 'ready' ? engines.value[part] : undefined} />
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
          <span className={styles.label}>{language === 'fr' ? engine.label_fr : engine.label}</span>
        )}
        {engine === null ? <span className={styles.quiet}>{t('engine.off')}</span> : null}
        {engine === undefined ? <span className={styles.quiet}>…</span> : null}
        {engine?.demo === true ? (
          <>
            <span className={styles.badge}>{t('engine.demo')}</span>
            <span className={styles.why}>{t(`engine.why.${part}`)}</span>
          </>
        ) : null}
      </dd>
    </div>
  );
}
