import { wordErrorRate, type WordErrors } from '@eloquence/testkit/word-error-rate';

/** Word errors of many recordings together: a long one counts for more than a short one. */
export function totalErrors(pairs: readonly { readonly said: string; readonly heard: string }[]): WordErrors {
  let errors = 0;
  let referenceWords = 0;
  for (const { said, heard } of pairs) {
    const one = wordErrorRate(said, heard);
    errors += one.errors;
    referenceWords += one.referenceWords;
  }
  return { errors, referenceWords, rate: referenceWords === 0 ? 0 : errors / referenceWords };
}

/** "3.2 %", or "-" where nothing was judged. */
export function percent(errors: WordErrors | null): string {
  return errors ? `${(errors.rate * 100).toFixed(1)} %` : '-';
}
