/** What a program of others needs of our environment; none of our settings, above all no key. */
const SYSTEM_NAMES = /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TERM)$/;

/**
 * Names that only the listed services are given: a key is handed to nobody who does not use it.
 * @type {readonly (readonly [RegExp, readonly string[]])[]}
 */
const READERS = [
  [/^(OLLAMA|LLM)_/, ['api-backend']],
  [/^API_KEYS$|^MISTRAL_/, ['api-backend', 'stt-gateway', 'tts-proxy']],
  [/^OPENAI_/, ['api-backend', 'tts-proxy', 'stt-gateway']],
  [/^(DEEPGRAM|GROQ)_|^STT_(ENGINES|MAX_FILE_MB|REST_\w+)$/, ['stt-gateway']],
  [
    /^(ELEVENLABS|PIPER)_|^TTS_(PROVIDERS|VOICES|HEDGE_MS|MAX_STREAMS|CACHE_DIR|CACHE_MB|CACHE_MEMORY_MB|REST_\w+)$/,
    ['tts-proxy'],
  ],
  [/^REDIS_URL$/, ['api-backend', 'agent', 'meeting-worker']],
  [/^MEETINGS_DIR$/, ['meeting-worker']],
  [/^DATABASE_URL$/, ['api-backend', 'meeting-worker']],
  [/^LIVEKIT_(URL|PUBLIC_URL|API_KEY|API_SECRET)$/, ['api-backend', 'agent']],
  [/^WHISPER_(MODEL|MODEL_DIR|DEVICE|COMPUTE_TYPE|THREADS|WINDOW|MAX_BATCH)$/, ['whisper-stt']],
];

/**
 * @param {Record<string, string>} env
 * @returns {Record<string, string>}
 */
export function systemEnv(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => SYSTEM_NAMES.test(name)));
}

/**
 * @param {string} service
 * @param {Record<string, string>} env
 * @returns {Record<string, string>} without what is only for others
 */
export function envFor(service, env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => {
      const base = name.endsWith('_FILE') ? name.slice(0, -5) : name;
      const reader = READERS.find(([pattern]) => pattern.test(base));
      return reader === undefined || reader[1].includes(service);
    }),
  );
}
