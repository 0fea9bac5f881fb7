import type { ErrorCode } from '@eloquence/shared/contracts/errors';

/** What each code means to a person, and what to do. The server's own sentences are English, and serve programs too. */
const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'Le serveur n’accepte pas cette demande ; corrigez ce qu’il indique.',
  unauthorized:
    'Le serveur demande une de ses clés (API_KEYS) : --key, ELOQUENCE_API_KEY, ou api.key du fichier de configuration.',
  forbidden: 'Le serveur refuse cette demande ; vérifiez son adresse (--api) et la clé (--key).',
  not_found: 'Ce qui est demandé n’existe pas, ou n’existe plus.',
  unknown_scenario: 'Le serveur ne propose pas cela ; vérifiez que son agent est démarré.',
  method_not_allowed: 'Le serveur ne connaît pas cette demande : il n’est pas de la même version que cette commande.',
  conflict: 'Ce n’est pas possible en ce moment.',
  session_ended: 'La réunion est terminée. « eloquence meeting resume » la reprend.',
  idempotency_mismatch: 'Le serveur a déjà reçu une autre demande sous ce numéro. Recommencez.',
  payload_too_large: 'Cet enregistrement est trop gros pour le serveur (STT_MAX_FILE_MB dans son .env).',
  unsupported_media_type: 'Le serveur ne connaît pas ce type de contenu.',
  invalid_audio:
    'Cet enregistrement ne peut pas être lu : il est vide, abîmé, ou sans piste son que ffmpeg comprenne. Ouvrez-le dans un lecteur, ou convertissez-le en wav.',
  unknown_model: 'Le modèle demandé n’existe pas ; vérifiez les réglages du serveur.',
  unknown_voice: 'La voix demandée n’existe pas ; vérifiez les réglages du serveur.',
  unsupported_language: 'La transcription de ce serveur ne comprend pas cette langue.',
  rate_limited: 'Trop de demandes à la fois. Réessayez dans un instant.',
  quota_exceeded: 'Le quota de cette clé est épuisé.',
  overloaded: 'Le serveur a trop à faire. Réessayez dans un instant.',
  unavailable: 'Une partie du serveur n’est pas disponible. Réessayez dans un instant.',
  upstream_failed: 'Un service dont le serveur a besoin a échoué. Réessayez dans un instant.',
  upstream_rejected: 'Un service dont le serveur a besoin a refusé ; vérifiez les clés du serveur.',
  upstream_timeout: 'Un service dont le serveur a besoin n’a pas répondu à temps. Réessayez.',
  internal: 'Le serveur a rencontré une erreur ; son journal en dit la cause.',
};

/** Codes whose sentence says it all: the others are followed by the server's own, which has the particulars. */
const COMPLETE: ReadonlySet<ErrorCode> = new Set([
  'unauthorized',
  'session_ended',
  'payload_too_large',
  'invalid_audio',
  'rate_limited',
  'overloaded',
  'internal',
]);

/** Sentences of the server that say more than their code, by how they begin. */
const SPECIAL: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [
    /^There is no such session/,
    () => 'Cette réunion n’existe pas, ou n’existe plus. « eloquence meeting list » montre celles qu’il y a.',
  ],
  [
    /^This session is a conversation/,
    () =>
      'C’est une conversation, pas une réunion : elle n’a pas de compte rendu. « eloquence meeting list » montre les réunions.',
  ],
  [
    /^Nobody is called so.*There are: (.*?)\.?$/s,
    (found) => `Personne ne s’appelle ainsi dans cette réunion. Il y a : ${found[1] ?? ''}.`,
  ],
  [/^Nobody has spoken/, () => 'Personne n’a encore parlé dans cette réunion.'],
  [
    /^The meeting is still going on: its report/,
    () =>
      'La réunion est encore en cours : son compte rendu s’écrit quand elle se termine (« eloquence meeting stop »). D’ici là : « eloquence meeting digest ».',
  ],
  [/^The report is being/, () => 'Le compte rendu s’écrit encore. Réessayez dans quelques secondes.'],
  [
    /^The options of this meeting leave the transcript out/,
    () =>
      'La transcription ne fait pas partie de ce compte rendu (include_full_transcript) : il n’a pas de sous-titres.',
  ],
  [
    /^The meeting is being taken up/,
    () => 'Quelqu’un d’autre reprend cette réunion en ce moment. Réessayez dans un instant.',
  ],
  [/^Only meetings can be taken up/, () => 'Seules les réunions se reprennent ; ceci est une conversation.'],
  [
    /^The meeting began more than (\d+) days ago/,
    (found) =>
      `Cette réunion a commencé il y a plus de ${found[1] ?? ''} jours : elle ne se reprend plus, et garde son compte rendu. Commencez-en une nouvelle.`,
  ],
  [/^No agent is running/, () => 'Aucun agent ne tourne : personne n’écouterait. Démarrez-le, puis réessayez.'],
];

/** A refusal for a French-speaking person: what it means, then the server's own words where they say more. */
export function refusalInFrench(code: ErrorCode, detail: string): string {
  for (const [pattern, sentence] of SPECIAL) {
    const found = pattern.exec(detail);
    if (found) return sentence(found);
  }
  return COMPLETE.has(code) ? SENTENCES[code] : `${SENTENCES[code]} (${detail})`;
}
