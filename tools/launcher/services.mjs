import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { localHost } from './addresses.mjs';
import { modelDir } from './facts.mjs';
import { writeGrafanaConfig } from './grafana-config.mjs';
import { writeLivekitConfig } from './livekit-config.mjs';
import { postgresArguments } from './postgres.mjs';
import { writePrometheusConfig } from './prometheus-config.mjs';
import { venvPython } from './python-venv.mjs';
import { writeRedisConfig } from './redis.mjs';
import { envFor, systemEnv } from './service-env.mjs';

/**
 * One process of the stack.
 * @typedef {object} Spec
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {Record<string, string>} env
 * @property {number} port
 * @property {import("./readiness.mjs").Readiness} ready
 * @property {string[]} after           Started when these are ready.
 * @property {number} startTimeoutMs
 * @property {number} stopGraceMs       From the signal to SIGKILL.
 * @property {NodeJS.Signals} stopSignal
 * @property {boolean} [metrics]        Answers GET /metrics on its port.
 * @property {boolean} [optional]       The stack is whole without it.
 * @property {{uid: number, gid: number}} [owner]
 *
 * @typedef {object} StackInput
 * @property {import("./context.mjs").Context} context
 * @property {import("./plan.mjs").Plan} plan
 * @property {import("./choose-engines.mjs").Engines} engines
 * @property {{fr?: string, en?: string}} piperVoices
 * @property {import("./postgres.mjs").PostgresCluster | undefined} cluster
 */

/** onnxruntime, which finds speech, would keep a device id and tell its maker what it does. */
const QUIET = /** @type {const} */ ({ ORT_DISABLE_TELEMETRY: '1' });

/** The TypeScript services: where they listen, when they start, how long they may take. */
const NODE_SERVICES = /** @type {const} */ ([
  { name: 'stt-gateway', port: 'stt', after: [], startTimeoutMs: 30_000, stopGraceMs: 5000 },
  { name: 'tts-proxy', port: 'tts', after: [], startTimeoutMs: 30_000, stopGraceMs: 5000 },
  {
    name: 'api-backend',
    port: 'api',
    after: ['redis', 'postgres', 'livekit'],
    startTimeoutMs: 30_000,
    stopGraceMs: 5000,
  },
  { name: 'meeting-worker', port: 'worker', after: ['redis', 'postgres'], startTimeoutMs: 30_000, stopGraceMs: 5000 },
  // It loads its voice and end-of-turn models once per host; calls under way get time to end.
  { name: 'agent', port: 'agent', after: ['redis', 'livekit'], startTimeoutMs: 90_000, stopGraceMs: 10_000 },
]);

/**
 * The whole stack, in one table. Writes the configuration files the processes are started with.
 * @param {StackInput} input
 * @returns {Spec[]}
 */
export function describeStack(input) {
  const specs = [...stores(input), ...livekit(input), whisper(input), ...nodeServices(input)];
  return [...specs, ...observers(input, specs)].map((spec) => ({
    ...spec,
    // Told by this mark, what a killed launcher left behind is found again.
    env: { ...spec.env, ELOQUENCE_STATE_DIR: input.context.paths.state },
    after: spec.after.filter((name) => specs.some((other) => other.name === name)),
  }));
}

/**
 * @param {StackInput} input
 * @returns {Spec[]}
 */
function stores({ context: { paths, env }, plan, cluster }) {
  const common = { cwd: paths.state, env: systemEnv(env), after: [], startTimeoutMs: 60_000 };
  /** @type {Spec[]} */
  const specs = [];
  if (plan.own.redis) {
    const password = plan.secrets.REDIS_PASSWORD;
    specs.push({
      ...common,
      name: 'redis',
      command: 'redis-server',
      args: [writeRedisConfig(paths.state, { port: plan.ports.redis, password })],
      port: plan.ports.redis,
      ready: { kind: 'redis', port: plan.ports.redis, password },
      stopSignal: 'SIGTERM',
      stopGraceMs: 10_000,
    });
  }
  if (cluster !== undefined) {
    const port = plan.ports.postgres;
    specs.push({
      ...common,
      cwd: cluster.data,
      name: 'postgres',
      command: join(cluster.bin, 'postgres'),
      args: postgresArguments(cluster, port),
      port,
      ready: {
        kind: 'command',
        command: join(cluster.bin, 'pg_isready'),
        args: ['-q', '-h', '127.0.0.1', '-p', String(port)],
      },
      // Fast shutdown: clients are dropped, everything is written.
      stopSignal: 'SIGINT',
      stopGraceMs: 15_000,
      ...(cluster.owner === undefined ? {} : { owner: cluster.owner }),
    });
  }
  return specs;
}

/**
 * @param {StackInput} input
 * @returns {Spec[]}
 */
function livekit({ context: { paths, env }, plan }) {
  if (!plan.own.livekit) return [];
  const { addresses, ports, credentials, secrets } = plan;
  const file = writeLivekitConfig(paths.state, {
    host: addresses.publicHost,
    ports: { http: ports.livekit, tcp: ports.livekitTcp, udp: ports.livekitUdp, metrics: ports.livekitMetrics },
    nodeIp: addresses.nodeIp,
    loopback: addresses.loopback,
    apiKey: credentials.LIVEKIT_API_KEY,
    apiSecret: credentials.LIVEKIT_API_SECRET,
    metricsPassword: secrets.METRICS_PASSWORD,
    redisUrl: credentials.REDIS_URL,
    webhookUrl: `${plan.urls.api}/api/livekit/webhook`,
  });
  return [
    {
      name: 'livekit',
      command: 'livekit-server',
      args: ['--config', file],
      cwd: paths.state,
      env: systemEnv(env),
      port: ports.livekit,
      ready: { kind: 'http', url: `http://${localHost(addresses.publicHost)}:${ports.livekit}/` },
      after: ['redis'],
      startTimeoutMs: 30_000,
      // The second signal would be needed to cut off rooms that still have people in them.
      stopSignal: 'SIGTERM',
      stopGraceMs: 3000,
    },
  ];
}

/**
 * @param {StackInput} input
 * @returns {Spec}
 */
function whisper({ context: { paths, settings, env }, plan, engines }) {
  const folder = modelDir(paths, settings);
  mkdirSync(folder, { recursive: true });
  return {
    name: 'whisper-stt',
    command: venvPython(paths),
    args: ['-m', 'whisper_stt'],
    cwd: join(paths.root, 'services', 'whisper-stt'),
    env: {
      ...envFor('whisper-stt', env),
      PORT: String(plan.ports.whisper),
      BIND_ADDRESS: '127.0.0.1',
      INTERNAL_API_KEY: plan.credentials.INTERNAL_API_KEY,
      WHISPER_MODEL: engines.speech.model,
      WHISPER_MODEL_DIR: folder,
      PYTHONUNBUFFERED: '1',
      ...QUIET,
    },
    port: plan.ports.whisper,
    ready: { kind: 'http', url: `http://127.0.0.1:${plan.ports.whisper}/ready` },
    after: [],
    startTimeoutMs: 120_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 5000,
    metrics: true,
  };
}

/**
 * @param {StackInput} input
 * @returns {Spec[]}
 */
function nodeServices({ context: { paths, settings, env }, plan, piperVoices }) {
  const { urls, ports, addresses, credentials } = plan;
  const shared = {
    ...env,
    ...credentials,
    NODE_ENV: 'production',
    ...QUIET,
    PUBLIC_ADDRESS: addresses.publicAddress,
    LIVEKIT_PUBLIC_URL: urls.livekitPublic,
    API_URL: urls.api,
    STT_URL: urls.stt,
    TTS_URL: urls.tts,
    WHISPER_URL: urls.whisper,
    WEB_ROOT: resolve(paths.root, settings['WEB_ROOT'] ?? 'apps/web/dist'),
    TTS_CACHE_DIR: speechCache(paths, settings['TTS_CACHE_DIR']),
    ...(settings['TTS_VOICES'] === undefined ? {} : { TTS_VOICES: resolve(paths.root, settings['TTS_VOICES']) }),
    ...(piperVoices.fr === undefined ? {} : { PIPER_VOICE_FR: piperVoices.fr }),
    ...(piperVoices.en === undefined ? {} : { PIPER_VOICE_EN: piperVoices.en }),
  };
  return NODE_SERVICES.map(({ name, port, after, startTimeoutMs, stopGraceMs }) => {
    const host = name === 'api-backend' ? addresses.publicHost : '127.0.0.1';
    return {
      name,
      command: 'node',
      args: ['src/main.ts'],
      cwd: join(paths.root, 'services', name),
      env: { ...envFor(name, shared), PORT: String(ports[port]), BIND_ADDRESS: host },
      port: ports[port],
      ready: { kind: /** @type {const} */ ('http'), url: `http://${localHost(host)}:${ports[port]}/ready` },
      after: [...after],
      startTimeoutMs,
      stopSignal: /** @type {const} */ ('SIGTERM'),
      stopGraceMs,
      metrics: true,
    };
  });
}

/**
 * @param {import("./paths.mjs").Paths} paths
 * @param {string | undefined} given a folder, or `none`
 * @returns {string} for tts-proxy, which runs in a folder of its own
 */
function speechCache(paths, given) {
  if (given?.toLowerCase() === 'none') return given;
  return given === undefined ? join(paths.state, 'cache', 'speech') : resolve(paths.root, given);
}

/**
 * @param {StackInput} input
 * @param {readonly Spec[]} observed
 * @returns {Spec[]}
 */
function observers({ context: { paths, env }, plan }, observed) {
  const common = { cwd: paths.state, env: systemEnv(env), after: [], startTimeoutMs: 30_000, optional: true };
  /** @type {Spec[]} */
  const specs = [];
  if (plan.own.prometheus) {
    const targets = observed.filter(({ metrics }) => metrics === true).map(({ name, port }) => ({ name, port }));
    const auth = { username: 'prometheus', password: plan.secrets.METRICS_PASSWORD };
    const livekitTarget = plan.own.livekit ? [{ name: 'livekit', port: plan.ports.livekitMetrics, auth }] : [];
    const { file, data } = writePrometheusConfig(paths, [...targets, ...livekitTarget]);
    const port = plan.ports.prometheus;
    specs.push({
      ...common,
      name: 'prometheus',
      command: 'prometheus',
      args: [
        `--config.file=${file}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=15d',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      port,
      ready: { kind: 'http', url: `http://127.0.0.1:${port}/-/ready` },
      stopSignal: 'SIGTERM',
      stopGraceMs: 5000,
    });
  }
  if (plan.own.grafana && existsSync(join(paths.root, 'infra', 'grafana'))) {
    const port = plan.ports.grafana;
    specs.push({
      ...common,
      name: 'grafana',
      command: 'grafana-server',
      args: ['--homepath', '/usr/share/grafana', '--config', writeGrafanaConfig(paths, plan)],
      port,
      ready: { kind: 'http', url: `http://127.0.0.1:${port}/api/health` },
      stopSignal: 'SIGTERM',
      stopGraceMs: 5000,
    });
  }
  return specs;
}
