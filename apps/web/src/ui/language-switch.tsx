import type { Language } from '@eloquence/shared/contracts/ids';
import { useLanguage } from '../i18n/language-context.tsx';
import styles from './language-switch.module.css';

const names: Readonly<Record<Language, string>> = { fr: 'Français', en: 'English' };

/** Offers the other language, in its own name. */
export function LanguageSwitch() {
  const { language, setLanguage } = useLanguage();
  const other: Language = language === 'fr' ? 'en' : 'fr';
  return (
    <button type="button" className={styles.switch} lang={other} onClick={() => setLanguage(other)}>
      {names[other]}
    </button>
  );
}
