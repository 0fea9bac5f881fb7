import { createContext, use, useCallback, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { Language } from '@eloquence/shared/contracts/ids';
import { readLanguage, writeLanguage } from '../storage.ts';
import { preferredLanguage, translator } from './translate.ts';
import type { Translate } from './translate.ts';

interface LanguageValue {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly t: Translate;
}

const LanguageContext = createContext<LanguageValue | null>(null);

/** Gives the page its language: remembered choice first, then the browser's, then French. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setState] = useState<Language>(() => readLanguage() ?? preferredLanguage(navigator.languages));
  const setLanguage = useCallback((next: Language) => {
    writeLanguage(next);
    setState(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo(() => ({ language, setLanguage, t: translator(language) }), [language, setLanguage]);
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

/** The language and its translator. Throws outside {@link LanguageProvider}: that is a mistake in the page. */
export function useLanguage(): LanguageValue {
  const value = use(LanguageContext);
  if (value === null) throw new Error('useLanguage needs a LanguageProvider above it');
  return value;
}
