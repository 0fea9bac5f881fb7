import type { Language } from '@eloquence/shared/contracts/ids';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import styles from './sentences.module.css';

interface SentencesProps {
  readonly sentences: readonly string[];
  /** Of the sentences; the page may speak another. */
  readonly language: Language;
}

/** Things one may say, in quotation marks, each on a line of its own. */
export function Sentences({ sentences, language }: SentencesProps) {
  const [open, close] = language === 'fr' ? ['« ', ' »'] : ['“', '”'];
  return (
    <ul className={styles.sentences} lang={language}>
      {sentences.map((sentence) => (
        <li key={sentence}>{withFixedSpaces(open + sentence + close)}</li>
      ))}
    </ul>
  );
}
