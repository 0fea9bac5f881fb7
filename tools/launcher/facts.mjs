import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { venvPython } from './python-venv.mjs';
import { capture, which } from './run.mjs';

const DEMO_MODEL = 'services/whisper-stt/demo-model/model/ct2';
const HUB = 'https://huggingface.co';
const PROBE_TIMEOUT_MS = 3000;

/**
 * What of this machine and its surroundings decides on the engines.
 * @typedef {object} Facts
 * @property {boolean} ollama            Answers at OLLAMA_URL and has a model.
 * @property {boolean} gpu               An NVIDIA GPU.
 * @property {number} cores
 * @property {boolean} hub               The model hub answers.
 * @property {(model: string) => boolean} modelPresent  Downloaded already, or a folder.
 * @property {boolean} demoModel         The demo speech model is there.
 * @property {boolean} piper
 * @property {{fr?: string, en?: string}} piperVoices
 */

/**
 * @param {import("./context.mjs").Context} context
 * @returns {Promise<Facts>}
 */
export async function gatherFacts({ paths, settings, env }) {
  const modelFolder = modelDir(paths, settings);
  const [ollama, gpu, hub] = await Promise.all([
    ollamaAnswers(settings['OLLAMA_URL'] ?? 'http://127.0.0.1:11434'),
    hasGpu(env),
    hubAnswers(paths, env),
  ]);
  return {
    ollama,
    gpu,
    hub,
    cores: typeof availableParallelism === 'function' ? availableParallelism() : cpus().length,
    modelPresent: (model) => isModelFolder(resolve(paths.root, model)) || isDownloaded(modelFolder, model),
    demoModel: isModelFolder(join(paths.root, DEMO_MODEL)),
    piper: which('piper', env['PATH']) !== undefined,
    // Voices of Piper's server have names of its own, and files of ours are nothing to it.
    piperVoices: settings['PIPER_URL'] === undefined ? localVoices(paths, settings) : {},
  };
}

/**
 * @param {import("./paths.mjs").Paths} paths
 * @param {Record<string, string>} settings
 * @returns {{fr?: string, en?: string}}
 */
function localVoices(paths, settings) {
  return {
    ...findVoices(join(paths.tools, 'voices')),
    ...(settings['PIPER_VOICE_FR'] === undefined ? {} : { fr: resolve(paths.root, settings['PIPER_VOICE_FR']) }),
    ...(settings['PIPER_VOICE_EN'] === undefined ? {} : { en: resolve(paths.root, settings['PIPER_VOICE_EN']) }),
  };
}

/**
 * @param {import("./paths.mjs").Paths} paths
 * @param {Record<string, string>} settings
 * @returns {string} absolute folder of downloaded speech models
 */
export function modelDir(paths, settings) {
  return resolve(paths.root, settings['WHISPER_MODEL_DIR'] ?? join(paths.tools, 'models'));
}

/**
 * @param {string} url
 * @returns {Promise<boolean>}
 */
async function ollamaAnswers(url) {
  try {
    const response = await fetch(new URL('/api/tags', url), { signal: AbortSignal.timeout(1500) });
    const body = /** @type {{models?: unknown[]}} */ (await response.json());
    return response.ok && (body.models?.length ?? 0) > 0;
  } catch {
    return false;
  }
}

/**
 * @param {Record<string, string>} env
 * @returns {Promise<boolean>}
 */
async function hasGpu(env) {
  if (which('nvidia-smi', env['PATH']) === undefined) return false;
  const { ok, output } = await capture('nvidia-smi', ['-L'], { env, timeoutMs: 5000 });
  return ok && output.includes('GPU');
}

/**
 * Asks through Python, as the download will: it honours the machine's proxy and certificates, which
 * Node's fetch does not.
 * @param {import("./paths.mjs").Paths} paths
 * @param {Record<string, string>} env
 * @returns {Promise<boolean>}
 */
async function hubAnswers(paths, env) {
  const program = [
    'import sys, urllib.request',
    'request = urllib.request.Request(sys.argv[1], method="HEAD")',
    `sys.exit(urllib.request.urlopen(request, timeout=${PROBE_TIMEOUT_MS / 1000}).status >= 400)`,
  ].join('\n');
  const hub = env['HF_ENDPOINT'] ?? HUB;
  const { ok } = await capture(venvPython(paths), ['-c', program, hub], { env, timeoutMs: PROBE_TIMEOUT_MS + 1000 });
  return ok;
}

/**
 * @param {string} folder
 * @returns {boolean}
 */
function isModelFolder(folder) {
  return existsSync(join(folder, 'model.bin'));
}

/**
 * @param {string} folder Where whisper-stt keeps what it downloads, as `<owner>--faster-whisper-small/`.
 * @param {string} model A short name, or owner/name of the hub.
 * @returns {boolean}
 */
function isDownloaded(folder, model) {
  if (!existsSync(folder)) return false;
  const suffix = model.includes('/') ? model.replaceAll('/', '--') : `--faster-whisper-${model}`;
  return readdirSync(folder).some((name) => name.endsWith(suffix) && isModelFolder(join(folder, name)));
}

/**
 * @param {string} folder
 * @returns {{fr?: string, en?: string}} the first voice of each language, e.g. fr_FR-siwis-medium.onnx
 */
function findVoices(folder) {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  files.sort();
  const fr = files.find((name) => name.startsWith('fr'));
  const en = files.find((name) => name.startsWith('en'));
  return {
    ...(fr === undefined ? {} : { fr: join(folder, fr) }),
    ...(en === undefined ? {} : { en: join(folder, en) }),
  };
}
