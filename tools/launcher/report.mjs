import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stackFile } from './plan.mjs';
import { writePrivate } from './secrets.mjs';

/** @typedef {{id: string, label: string, demo: boolean, fault?: string}} Engine */

/**
 * Asks the services what they run on: what they say is what is true.
 * @param {import("./plan.mjs").Plan} plan
 * @param {import("./choose-engines.mjs").Engines} chosen Shown for a service that does not say.
 * @returns {Promise<{llm: Engine, speech: Engine, voice: Engine}>}
 */
export async function enginesInUse(plan, chosen) {
  const [llm, gateway, whisper, voice] = await Promise.all(
    [plan.urls.api, plan.urls.stt, plan.urls.whisper, plan.urls.tts].map((url) => engineOf(url)),
  );
  const { model: _model, ...chosenSpeech } = chosen.speech;
  return { llm: llm ?? chosen.llm, speech: gateway ?? whisper ?? chosenSpeech, voice: voice ?? chosen.voice };
}

/**
 * @param {string} url
 * @returns {Promise<Engine | undefined>}
 */
async function engineOf(url) {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2000) });
    return /** @type {{engine?: Engine}} */ (await response.json()).engine;
  } catch {
    return undefined;
  }
}

/**
 * Tells tests and tools what runs where. Holds keys, so only its owner reads it.
 * @param {import("./paths.mjs").Paths} paths
 * @param {import("./plan.mjs").Plan} plan
 * @param {{llm: Engine, speech: Engine, voice: Engine}} engines
 */
export function writeStackFile(paths, { urls, credentials }, engines) {
  const { api, stt, tts, whisper, livekit, prometheus } = urls;
  const content = {
    pid: process.pid,
    urls: { api, stt, tts, whisper, livekit, ...(prometheus === undefined ? {} : { prometheus }) },
    env: credentials,
    engines,
  };
  writePrivate(stackFile(paths), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * @param {{paths: import("./paths.mjs").Paths, plan: import("./plan.mjs").Plan, engines: {llm: Engine, speech: Engine, voice: Engine}}} facts
 * @returns {string[]} what is said at the end of the start
 */
export function readyLines({ paths, plan, engines }) {
  const { addresses, urls, own, ports } = plan;
  const web = addresses.loopback ? urls.api : `http://${addresses.publicAddress}:${ports.api}`;
  const built = existsSync(join(paths.root, 'apps', 'web', 'dist', 'index.html'));
  return [
    '',
    `Eloquence is ready: ${web}${built ? '' : '  (the web client has not been built)'}`,
    ...(addresses.loopback
      ? []
      : ['  !         Browsers give a page their microphone over https only: put a proxy with TLS in front of it.']),
    '',
    ...engineLines('listens', engines.speech),
    ...engineLines('thinks ', engines.llm),
    ...engineLines('speaks ', engines.voice),
    '',
    ...(urls.prometheus === undefined
      ? ['  metrics   no Prometheus on this machine']
      : [`  metrics   ${urls.prometheus}`]),
    own.grafana
      ? `  panels    http://127.0.0.1:${ports.grafana} (user admin, password in ${join(paths.state, 'secrets.json')})`
      : '  panels    dashboards need Grafana: docker compose up brings it',
    `  logs      ${paths.logs}`,
    '  stop      Ctrl-C',
    '',
  ];
}

/**
 * @param {string} role
 * @param {Engine} engine
 * @returns {string[]} what is wrong stands under what runs instead
 */
function engineLines(role, engine) {
  const fault = engine.fault === undefined ? [] : [`  !         ${engine.fault}`];
  return [`  ${role}   ${named(engine)}`, ...fault];
}

/**
 * @param {Engine} engine
 * @returns {string} a stand-in is always called one
 */
function named({ label, demo }) {
  return demo && !/stand-in/i.test(label) ? `${label}: a demo stand-in` : label;
}
