import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseEngines } from './choose-engines.mjs';

/** @type {import('./facts.mjs').Facts} */
const bare = {
  ollama: false,
  gpu: false,
  cores: 2,
  hub: false,
  modelPresent: () => false,
  demoModel: true,
  piper: false,
  piperVoices: {},
};

/** @param {Record<string, string>} settings */
const thinker = (settings) => chooseEngines(settings, bare).llm.id;
/** @param {Record<string, string>} settings */
const speaker = (settings) => chooseEngines(settings, bare).voice.id;

void test('a bare machine gets demo stand-ins, each called one', () => {
  const { llm, speech, voice, notes } = chooseEngines({}, bare);
  for (const engine of [llm, speech, voice]) {
    assert.equal(engine.demo, true);
    assert.match(engine.label, /demo stand-in/);
  }
  assert.equal(speech.model, 'demo');
  assert.match(notes[0] ?? '', /does not answer, and Whisper "small" is not on this machine/);
});

void test('keys win in the promised order: Mistral thinks, OpenAI speaks', () => {
  const { llm, voice } = chooseEngines({ MISTRAL_API_KEY: 'a', OPENAI_API_KEY: 'b' }, { ...bare, ollama: true });
  assert.deepEqual([llm.id, voice.id], ['mistral', 'openai']);
});

void test('other keys think after Mistral and OpenAI; a Groq key only with a model of its own', () => {
  const keys = { ANTHROPIC_API_KEY: 'a', GROQ_API_KEY: 'g', LLM_REST_URL: 'http://gpu', LLM_REST_MODEL: 'm' };
  assert.equal(thinker(keys), 'anthropic');
  assert.equal(thinker({ ...keys, LLM_PROVIDER: 'rest' }), 'rest');
  assert.equal(thinker({ GROQ_API_KEY: 'g' }), 'demo');
  assert.equal(thinker({ GROQ_API_KEY: 'g', GROQ_MODEL: 'llama-3.3-70b-versatile' }), 'groq');
});

void test('Ollama thinks when there is no key, and ElevenLabs speaks before Piper', () => {
  const facts = { ...bare, ollama: true, piper: true, piperVoices: { fr: '/v/fr.onnx' } };
  assert.equal(chooseEngines({}, facts).llm.id, 'ollama');
  assert.equal(chooseEngines({ ELEVENLABS_API_KEY: 'k' }, facts).voice.id, 'elevenlabs');
  assert.equal(chooseEngines({}, facts).voice.id, 'piper');
});

void test('who speaks is the first of TTS_PROVIDERS that is there, and Mistral only when it is named', () => {
  const keys = { OPENAI_API_KEY: 'k', ELEVENLABS_API_KEY: 'k', MISTRAL_API_KEY: 'k' };
  assert.equal(speaker({ ...keys, TTS_PROVIDERS: 'piper, elevenlabs,openai' }), 'elevenlabs');
  assert.equal(speaker({ ...keys, TTS_PROVIDERS: 'mistral,none' }), 'mistral');
  assert.equal(speaker({ MISTRAL_API_KEY: 'k' }), 'espeak');
  assert.equal(speaker({ MISTRAL_API_KEY: 'k', MISTRAL_TTS_MODEL: 'm' }), 'mistral');
  assert.equal(speaker({ TTS_REST_URL: 'http://kokoro:8880', TTS_REST_MODEL: 'kokoro' }), 'rest');
  assert.equal(speaker({ PIPER_URL: 'http://piper:5000' }), 'piper');
});

void test('Piper without a voice does not speak', () => {
  assert.equal(chooseEngines({}, { ...bare, piper: true }).voice.id, 'espeak');
});

void test('a provider that is asked for is taken whatever else is there', () => {
  const { llm, voice } = chooseEngines({ LLM_PROVIDER: 'demo', TTS_PROVIDERS: 'espeak', MISTRAL_API_KEY: 'k' }, bare);
  assert.deepEqual([llm.id, voice.id], ['demo', 'espeak']);
});

void test('the speech model fits the machine when the hub answers', () => {
  const online = { ...bare, hub: true };
  assert.equal(chooseEngines({}, { ...online, gpu: true }).speech.model, 'large-v3-turbo');
  assert.equal(chooseEngines({}, { ...online, cores: 2 }).speech.model, 'small');
  assert.equal(chooseEngines({}, { ...online, cores: 1 }).speech.model, 'base');
});

void test('a model that is on the machine needs no hub', () => {
  const facts = { ...bare, modelPresent: (/** @type {string} */ model) => model === 'small' };
  assert.equal(chooseEngines({}, facts).speech.model, 'small');
});

void test('a model that is named but cannot be had falls back to the demo, and says so', () => {
  const { speech, notes } = chooseEngines({ WHISPER_MODEL: 'medium' }, bare);
  assert.equal(speech.model, 'demo');
  assert.match(notes[0] ?? '', /"medium"/);
});

void test('the demo asked for by name is no cause for a note, and a folder is left to whisper-stt', () => {
  assert.deepEqual(chooseEngines({ WHISPER_MODEL: 'demo' }, bare).notes, []);
  assert.equal(chooseEngines({ WHISPER_MODEL: '/models/own' }, bare).speech.model, '/models/own');
});
