import { connect } from 'node:net';
import { capture } from './run.mjs';

/**
 * How it is found out that a process is ready.
 * @typedef {{kind: "http", url: string} | {kind: "redis", port: number, password: string} | {kind: "command", command: string, args: string[]}} Readiness
 */

const PROBE_TIMEOUT_MS = 2000;

/**
 * @param {Readiness} readiness
 * @returns {Promise<{ready: boolean, detail: string}>} `detail`: what it is waiting for, as far as it says
 */
export async function probe(readiness) {
  switch (readiness.kind) {
    case 'http':
      return probeHttp(readiness.url);
    case 'redis':
      return { ready: await pingRedis(readiness.port, readiness.password), detail: '' };
    default: {
      const { ok } = await capture(readiness.command, readiness.args, { timeoutMs: PROBE_TIMEOUT_MS });
      return { ready: ok, detail: '' };
    }
  }
}

/**
 * @param {string} url
 * @returns {Promise<{ready: boolean, detail: string}>}
 */
async function probeHttp(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const text = await response.text();
    return { ready: response.ok, detail: response.ok ? '' : failedChecks(text) };
  } catch {
    return { ready: false, detail: '' };
  }
}

/**
 * @param {string} text Body of GET /ready.
 * @returns {string} the checks that fail
 */
export function failedChecks(text) {
  try {
    const body = /** @type {{checks?: {name: string, ok: boolean, detail?: string}[]}} */ (JSON.parse(text));
    return (body.checks ?? [])
      .filter((check) => !check.ok)
      .map((check) => (check.detail === undefined ? check.name : `${check.name}: ${check.detail}`))
      .join(', ');
  } catch {
    return '';
  }
}

/**
 * @param {number} port
 * @param {string} password
 * @returns {Promise<boolean>} true once Redis has loaded its data: it answers -LOADING before
 */
function pingRedis(port, password) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    /** @param {boolean} ready */
    const done = (ready) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('+PONG')) done(true);
      else if (answer.includes('-')) done(false);
    });
  });
}
