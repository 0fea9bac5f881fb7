/**
 * @typedef {{id: string, label: string, demo: boolean}} Engine
 * @typedef {object} Engines
 * @property {Engine} llm
 * @property {Engine} voice
 * @property {Engine & {model: string}} speech `model`: what whisper-stt loads, a name or a folder.
 * @property {string[]} notes Said once at start: why something less than wished for was chosen.
 */

const UNDERSTANDS = 'demo stand-in: understands 370 French words';
/** How whisper-stt calls the model that comes with it. */
const DEMO_MODEL = 'demo';

/** @type {Engine & {model: string}} */
export const DEMO_SPEECH = {
  id: 'whisper-demo',
  label: `demo speech model (${UNDERSTANDS})`,
  demo: true,
  model: DEMO_MODEL,
};

/**
 * Chooses what listens, thinks and speaks. Pure: everything it depends on is in its arguments.
 * @param {Record<string, string | undefined>} settings
 * @param {import("./facts.mjs").Facts} facts
 * @returns {Engines}
 */
export function chooseEngines(settings, facts) {
  const speech = chooseSpeech(settings, facts);
  return {
    llm: chooseLlm(settings, facts),
    voice: chooseVoice(settings, facts),
    speech: speech.engine,
    notes: speech.notes,
  };
}

/**
 * @param {Record<string, string | undefined>} settings
 * @param {import("./facts.mjs").Facts} facts
 * @returns {Engine}
 */
function chooseLlm(settings, facts) {
  const wanted = settings['LLM_PROVIDER'] ?? 'auto';
  /** @type {[string, boolean, string][]} */
  const candidates = [
    [
      'mistral',
      settings['MISTRAL_API_KEY'] !== undefined,
      `Mistral (${settings['MISTRAL_MODEL'] ?? 'mistral-small-latest'})`,
    ],
    ['openai', settings['OPENAI_API_KEY'] !== undefined, `OpenAI (${settings['OPENAI_MODEL'] ?? 'gpt-4o-mini'})`],
    [
      'anthropic',
      settings['ANTHROPIC_API_KEY'] !== undefined,
      `Anthropic (${settings['ANTHROPIC_MODEL'] ?? 'claude-haiku-5-5'})`,
    ],
    // The key alone is for speech.
    [
      'groq',
      settings['GROQ_API_KEY'] !== undefined && settings['GROQ_MODEL'] !== undefined,
      `Groq (${settings['GROQ_MODEL']})`,
    ],
    ['rest', settings['LLM_REST_URL'] !== undefined, `${settings['LLM_REST_MODEL']} (${settings['LLM_REST_URL']})`],
    ['ollama', facts.ollama, `Ollama (${settings['OLLAMA_MODEL'] ?? 'its first model'})`],
  ];
  const found = candidates.find(([id, present]) => (wanted === 'auto' ? present : id === wanted));
  if (found !== undefined) return { id: found[0], label: found[2], demo: false };
  return {
    id: 'demo',
    label: 'demo coach (demo stand-in: fixed rules; set MISTRAL_API_KEY for a real one)',
    demo: true,
  };
}

/**
 * @param {Record<string, string | undefined>} settings
 * @param {import("./facts.mjs").Facts} facts
 * @returns {Engine}
 */
function chooseVoice(settings, facts) {
  const wanted = (settings['TTS_PROVIDERS'] ?? 'auto').split(',').map((name) => name.trim().toLowerCase());
  const hasPiper =
    settings['PIPER_URL'] !== undefined ||
    (facts.piper && (facts.piperVoices.fr !== undefined || facts.piperVoices.en !== undefined));
  const mistral = settings['MISTRAL_API_KEY'] !== undefined;
  /** @type {[string, boolean, string][]} */
  const candidates = [
    ['openai', settings['OPENAI_API_KEY'] !== undefined, `OpenAI (${settings['OPENAI_TTS_VOICE'] ?? 'coral'})`],
    ['elevenlabs', settings['ELEVENLABS_API_KEY'] !== undefined, 'ElevenLabs'],
    // The key alone is for the language model.
    ['mistral', mistral && (settings['MISTRAL_TTS_MODEL'] !== undefined || wanted.includes('mistral')), 'Mistral'],
    ['rest', settings['TTS_REST_URL'] !== undefined, `${settings['TTS_REST_MODEL']} (${settings['TTS_REST_URL']})`],
    ['piper', hasPiper, 'Piper'],
  ];
  for (const name of wanted) {
    if (name === 'espeak') break;
    const found = candidates.find(([id, present]) => present && (name === 'auto' || id === name));
    if (found !== undefined) return { id: found[0], label: found[2], demo: false };
    if (name === 'auto') break;
  }
  return { id: 'espeak', label: "espeak-ng (demo stand-in: a robot's voice)", demo: true };
}

/**
 * @param {Record<string, string | undefined>} settings
 * @param {import("./facts.mjs").Facts} facts
 * @returns {{engine: Engine & {model: string}, notes: string[]}}
 */
function chooseSpeech(settings, facts) {
  const named = settings['WHISPER_MODEL'];
  if (named === DEMO_MODEL) return { engine: DEMO_SPEECH, notes: [] };
  const wanted = named ?? modelForHardware(facts);
  const isPath = /^[./~]/.test(wanted);
  if (isPath || facts.modelPresent(wanted) || facts.hub || !facts.demoModel)
    return { engine: whisper(wanted), notes: [] };
  const why = `The model hub (huggingface.co) does not answer, and Whisper "${wanted}" is not on this machine`;
  return {
    engine: DEMO_SPEECH,
    notes: [
      `${why}: using the demo speech model instead (${UNDERSTANDS}). Start again with internet access, or set WHISPER_MODEL to a folder.`,
    ],
  };
}

/**
 * `base` gets every third French word wrong (docs/models.md), so it is for machines that cannot carry more.
 * @param {import("./facts.mjs").Facts} facts
 * @returns {string}
 */
function modelForHardware(facts) {
  if (facts.gpu) return 'large-v3-turbo';
  return facts.cores >= 2 ? 'small' : 'base';
}

/**
 * @param {string} model
 * @returns {Engine & {model: string}}
 */
function whisper(model) {
  return { id: 'whisper', label: `Whisper ${model}`, demo: false, model };
}
