import { fileURLToPath } from 'node:url';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { freePort } from '@eloquence/testkit/free-port';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { waitFor } from '@eloquence/testkit/wait-for';
import { initializeLogger, type tts } from '@livekit/agents';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadScenarios } from '../scenarios/registry.ts';
import { PhraseWarmer } from '../worker/phrase-warmer.ts';
import { ProxyTts } from './proxy-tts.ts';
import { speakUrl } from './speak-link.ts';
import { SpeakLinks } from './speak-links.ts';

const KEY = 'internal-key-of-tests';
const MAIN = fileURLToPath(new URL('../../../tts-proxy/src/main.ts', import.meta.url));
const logger = createLogger('test', 'silent');

const HITS = 'eloquence_tts_cache_total{outcome="hit"';

let port: number;
let url: string;
let service: ManagedProcess;

/** The real service, with the voice that is on every machine. */
function startService(): ManagedProcess {
  return new ManagedProcess({
    name: 'tts-proxy',
    command: process.execPath,
    args: [MAIN],
    env: {
      PORT: String(port),
      INTERNAL_API_KEY: KEY,
      TTS_PROVIDERS: 'espeak',
      TTS_CACHE_DIR: 'none',
      LOG_LEVEL: 'warn',
    },
  });
}
const isReady = async () => (await fetch(`${url}/ready`)).ok;

beforeAll(async () => {
  initializeLogger({ pretty: false, level: 'silent' });
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  service = startService();
  await waitFor(isReady, { what: 'tts-proxy to be ready', timeoutMs: 30_000 });
});
afterAll(() => service.stop());

function setUp() {
  const links = new SpeakLinks({ url: speakUrl(url, 'fr'), key: KEY, logger });
  const broken: string[] = [];
  const plugin = new ProxyTts({
    links,
    logger,
    silenceTimeoutMs: 7_000,
    onBroken: ({ message }) => broken.push(message),
  });
  const errors: unknown[] = [];
  plugin.on('error', (error) => errors.push(error));
  onTestFinished(() => plugin.close());
  return { plugin, broken, errors };
}

interface Heard {
  readonly text: string;
  readonly seconds: number;
  readonly loudest: number;
  readonly firstMs: number;
}

async function listen(stream: tts.SynthesizeStream, sinceMs = performance.now()): Promise<Heard> {
  let [text, samples, loudest, firstMs] = ['', 0, 0, 0];
  for await (const item of stream) {
    if (typeof item === 'symbol') continue;
    firstMs ||= performance.now() - sinceMs;
    samples += item.frame.samplesPerChannel;
    for (const sample of item.frame.data) loudest = Math.max(loudest, Math.abs(sample));
    for (const timed of item.timedTranscripts ?? []) text += timed.text;
  }
  return { text, seconds: samples / 24_000, loudest, firstMs };
}

async function speak(plugin: ProxyTts, text: string): Promise<Heard> {
  const stream = plugin.stream();
  for (const word of text.split(/(?<= )/u)) stream.pushText(word);
  stream.endInput();
  return listen(stream);
}

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};

describe('with the real tts-proxy', () => {
  test('an answer is heard, with its text in step, before it has been written', async () => {
    const { plugin, errors } = setUp();
    const stream = plugin.stream();
    stream.pushText('Pour votre entretien de jeudi, ');
    const first = await stream.next();
    expect(first.done).toBe(false);
    stream.pushText('préparez trois exemples. ');
    stream.pushText('Ensuite, on recommence 🎉');
    stream.endInput();
    const rest = await listen(stream);
    expect(rest.text).toBe('préparez trois exemples. Ensuite, on recommence 🎉');
    expect(rest.seconds).toBeGreaterThan(2);
    expect(rest.loudest).toBeGreaterThan(1_000);
    expect(errors).toEqual([]);
  });

  test('a greeting is a kept copy once the worker has had its phrases spoken', async () => {
    const scenarios = await loadScenarios();
    const warmer = new PhraseWarmer({ ttsUrl: url, key: KEY, scenarios: scenarios.values(), logger });
    await warmer.start();
    const before = await metric(HITS);
    const { plugin } = setUp();
    const coach = scenarios.get('coaching_vocal');
    const greeting = coach?.kind === 'conversation' ? coach.phrases.fr.greeting : '';
    const heard = await speak(plugin, greeting);
    expect(heard.text).toBe(greeting);
    expect(heard.seconds).toBeGreaterThan(2);
    expect((await metric(HITS)) - before).toBeGreaterThanOrEqual(2);
  }, 90_000);

  test('a caller who interrupts ends the speaking at tts-proxy', async () => {
    const { plugin } = setUp();
    const stream = plugin.stream();
    stream.pushText('Une phrase assez longue pour être coupée. '.repeat(20));
    stream.endInput();
    await stream.next();
    expect(await metric('eloquence_tts_streams ')).toBe(1);
    stream.close();
    // The spare of the next answer is open by then.
    await waitFor(async () => (await metric('eloquence_tts_streams ')) === 1);
    await plugin.close();
    await waitFor(async () => (await metric('eloquence_tts_streams ')) === 0, { what: 'no open stream' });
  });

  test.each(['', '🎉', '** **'])('an answer of %j ends cleanly', async (text) => {
    const { plugin, errors } = setUp();
    expect((await speak(plugin, text)).text).toBe(text);
    expect(errors).toEqual([]);
  });

  test('a long answer is given to its last word', async () => {
    const { plugin, errors } = setUp();
    const text = Array.from({ length: 6 }, (_, at) => `Voici la phrase numéro ${at + 1} de cette réponse. `).join('');
    const heard = await speak(plugin, text);
    expect(heard.text).toBe(text);
    expect(heard.seconds).toBeGreaterThan(10);
    expect(errors).toEqual([]);
  }, 60_000);

  test('a service that is killed and started again in the middle of an answer: the answer goes on, nothing twice', async () => {
    const { plugin, broken, errors } = setUp();
    const stream = plugin.stream();
    const text = [
      'Première phrase de la réponse. ',
      'Deuxième phrase de la réponse. ',
      'Troisième et dernière phrase.',
    ];
    stream.pushText(text[0] ?? '');
    const first = await stream.next();
    expect(first.done).toBe(false);
    await service.kill();
    service = startService();
    stream.pushText(text.slice(1).join(''));
    stream.endInput();
    const rest = await listen(stream);
    expect(rest.text).toBe(text.slice(1).join(''));
    expect(broken).toHaveLength(1);
    expect(errors).toEqual([]);
  }, 40_000);
});
