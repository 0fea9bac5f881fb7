import type { ErrorCode } from '@eloquence/shared/contracts/errors';

/** What the server refuses, code by code, with what to do. Its own sentences are English, and serve programs too. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  invalid_audio:
    'Cet enregistrement ne peut pas être lu : il est vide, abîmé, ou sans piste son que ffmpeg comprenne. Ouvrez-le dans un lecteur, ou convertissez-le en wav.',
  not_found: 'Cette réunion n’existe pas, ou n’existe plus. « eloquence meeting list » montre celles qu’il y a.',
  payload_too_large: 'Cet enregistrement est trop gros pour le serveur (STT_MAX_FILE_MB dans son .env).',
  rate_limited: 'Trop de demandes à la fois. Réessayez dans un instant.',
  overloaded: 'Le serveur a trop à faire. Réessayez dans un instant.',
};

/** Sentences of one code that say more than their code. */
const SPECIAL: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [
    /^Nobody is called so.*There are: (.*?)\.?$/s,
    (found) => `Personne ne s’appelle ainsi dans cette réunion. Il y a : ${found[1] ?? ''}.`,
  ],
  [
    /^The meeting is still going on: its report/,
    () =>
      'La réunion est encore en cours : son compte rendu s’écrit quand elle se termine (« eloquence meeting stop »). D’ici là : « eloquence meeting digest ».',
  ],
];

/** The sentence for a French-speaking person; undefined where there is none and the server's own has to do. */
export function refusalInFrench(code: ErrorCode, detail: string): string | undefined {
  for (const [pattern, sentence] of SPECIAL) {
    const found = pattern.exec(detail);
    if (found) return sentence(found);
  }
  // Other things than a meeting can be missing too.
  if (code === 'not_found' && !detail.startsWith('There is no such session')) return undefined;
  return SENTENCES[code];
}
