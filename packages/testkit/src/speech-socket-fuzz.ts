import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { pick, seededRandom, type Random } from './seeded-random.ts';

/** The wires of stt-gateway and tts-proxy that can be fuzzed, and where they are. */
const FUZZED_WIRES = { listen: '/v1/listen', realtime: '/v1/realtime', speak: '/v1/speak' } as const;
export type FuzzedWire = keyof typeof FUZZED_WIRES;

export interface FuzzOptions {
  readonly wire: FuzzedWire;
  /** The service, http://… */
  readonly url: string;
  readonly key: string;
  /** Messages to send in all, and the number that decides which. */
  readonly messages: number;
  readonly seed: number;
  /** Sockets at once. */
  readonly sockets?: number;
}

export interface FuzzReport {
  readonly sent: number;
  readonly sockets: number;
  /** Upgrades that were refused, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** How sockets ended, by close code. `1006` are those we cut ourselves, or broke the protocol on. */
  readonly closes: Readonly<Record<string, number>>;
  /** Messages the service sent back, by type; binary ones are `sound`. */
  readonly answers: Readonly<Record<string, number>>;
}

/** What is sent: a frame, or bytes past the WebSocket layer. */
type Shot =
  | { readonly type: 'text' | 'binary'; readonly data: Buffer }
  | { readonly type: 'raw'; readonly data: Buffer }
  | { readonly type: 'ping' };

/** Longest message; the gateway takes 1 MiB. */
const HUGE_BYTES = 1_300_000;
const LONGEST_VISIT = 80;
/** A gateway that does not answer the close of a socket in this time has lost it, ms. */
const CLOSE_MS = 10_000;

/** Random bad manners on one wire, the same for the same seed. Resolves when all is sent and every socket has closed. */
export async function fuzzSpeechSockets(options: FuzzOptions): Promise<FuzzReport> {
  const report = { sent: 0, sockets: 0, refused: {}, closes: {}, answers: {} };
  const visitors = Array.from({ length: options.sockets ?? 4 }, async (_, index) => {
    const random = seededRandom(options.seed * 1_000 + index);
    while (report.sent < options.messages) await visit(options, random, report);
  });
  await Promise.all(visitors);
  return report;
}

type Counts = Record<string, number>;
interface Tally {
  sent: number;
  sockets: number;
  refused: Counts;
  closes: Counts;
  answers: Counts;
}

/** An open socket, and what is under it. */
interface Line {
  readonly socket: WebSocket;
  readonly raw: Duplex | undefined;
}

const count = (counts: Counts, name: string) => void (counts[name] = (counts[name] ?? 0) + 1);

async function visit(options: FuzzOptions, random: Random, tally: Tally): Promise<void> {
  const socket = open(options, random);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', (code) => {
      // The codes we choose ourselves are of no interest each.
      count(tally.closes, code >= 3000 && code < 4000 ? '3xxx' : String(code));
      resolve();
    });
  });
  let raw: Duplex | undefined;
  socket.once('upgrade', (response) => (raw = response.socket));
  socket.on('error', () => undefined);
  socket.on('unexpected-response', (request, response) => {
    count(tally.refused, String(response.statusCode));
    tally.sent += 1;
    request.destroy();
    socket.terminate();
  });
  socket.on('message', (data, binary) => count(tally.answers, binary ? 'sound' : typeOf(data as Buffer)));
  const opened = await new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
  if (!opened) return;
  tally.sockets += 1;
  const shots = 1 + Math.floor(random() * LONGEST_VISIT);
  if (random() < 0.1) socket.pause();
  for (
    let index = 0;
    index < shots && socket.readyState === WebSocket.OPEN && tally.sent < options.messages;
    index += 1
  ) {
    shoot({ socket, raw }, shotFor(options.wire, random));
    tally.sent += 1;
    // Now and then the gateway gets time to answer in between.
    if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    while (socket.bufferedAmount > 8_000_000 && socket.readyState === WebSocket.OPEN)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await leave(socket, { random, closed, goodbye: options.wire === 'speak' ? 'Close' : 'CloseStream' });
}

interface Leaving {
  readonly random: Random;
  readonly closed: Promise<void>;
  /** How the wire's clients say it. */
  readonly goodbye: string;
}

async function leave(socket: WebSocket, { random, closed, goodbye }: Leaving): Promise<void> {
  const manner = random();
  if (manner < 0.3) socket.terminate();
  else {
    socket.resume();
    if (manner < 0.6) socket.send(JSON.stringify({ type: goodbye }), () => undefined);
    socket.close(manner < 0.8 ? 1000 : 3000 + Math.floor(random() * 1000));
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`a socket was not closed within ${CLOSE_MS} ms`)), CLOSE_MS);
  });
  await Promise.race([closed, late]);
  clearTimeout(timer);
}

function shoot({ socket, raw }: Line, shot: Shot): void {
  switch (shot.type) {
    case 'text':
    case 'binary':
      socket.send(shot.data, { binary: shot.type === 'binary' }, () => undefined);
      return;
    case 'raw':
      raw?.write(shot.data);
      return;
    case 'ping':
      socket.ping('x', undefined, () => undefined);
  }
}

function open({ wire, url, key }: FuzzOptions, random: Random): WebSocket {
  const query = random() < 0.7 ? '' : `?${pick(random, wire === 'speak' ? SPEAK_QUERIES : QUERIES)}`;
  return new WebSocket(`${url.replace('http', 'ws')}${FUZZED_WIRES[wire]}${query}`, {
    headers: { authorization: `Token ${random() < 0.98 ? key : 'wrong'}` },
    handshakeTimeout: 10_000,
  });
}

const QUERIES = [
  'sample_rate=8000&encoding=mulaw&interim_results=true',
  'sample_rate=48000&endpointing=false&utterance_end_ms=100',
  'mode=micro_batch&language=fr',
  'sample_rate=44100&interim_results=true&vad_events=true&keyterm=a&keyterm=b&keywords=c:2',
  'sample_rate=5',
  'channels=2',
  'language=%00%ff',
  'model=gpt-realtime-whisper&intent=transcription',
  `keyterm=${'x'.repeat(4_000)}`,
  'endpointing=NaN',
];

const SPEAK_QUERIES = [
  'encoding=mulaw',
  'encoding=alaw&sample_rate=8000&model=aura-2-thalia-en',
  'sample_rate=48000&sentences=true',
  'voice=coach-en&speed=4&cache=public',
  'speed=0.25&language=fr&cache=tenant',
  'sample_rate=44100',
  'voice=%00',
  'speed=NaN',
  `model=${'x'.repeat(150)}`,
  `instructions=${'x'.repeat(4_000)}`,
];

function shotFor(wire: FuzzedWire, random: Random): Shot {
  const dice = random();
  if (dice < 0.01) return { type: 'raw', data: bytes(random, 1 + Math.floor(random() * 40)) };
  if (dice < 0.02) return { type: 'ping' };
  if (dice < 0.03) return { type: 'text', data: Buffer.from([0x7b, 0xff, 0xfe, 0x22]) };
  if (dice < 0.035) return { type: random() < 0.5 ? 'text' : 'binary', data: bytes(random, HUGE_BYTES) };
  if (dice < 0.12) return { type: 'text', data: Buffer.from(pick(random, GARBAGE)(random)) };
  return SHOTS[wire](random);
}

const GARBAGE: readonly ((random: Random) => string)[] = [
  () => '',
  () => 'null',
  () => '[]',
  () => '{',
  () => '"text"',
  () => '{"type":{}}',
  () => '{"__proto__":{"type":"KeepAlive"},"constructor":1}',
  () => '['.repeat(50_000) + ']'.repeat(50_000),
  (random) => bytes(random, 200).toString('latin1'),
  (random) => JSON.stringify({ type: pick(random, ['Finalise', 'response.create', 'error', '', 'x'.repeat(9_000)]) }),
];

const SHOTS = { listen: listenShot, realtime: realtimeShot, speak: speakShot };

const text = (value: unknown): Shot => ({ type: 'text', data: Buffer.from(JSON.stringify(value)) });

function listenShot(random: Random): Shot {
  const dice = random();
  if (dice < 0.65) return { type: 'binary', data: audio(random) };
  if (dice < 0.8) return text({ type: 'Finalize' });
  if (dice < 0.9) return text({ type: 'KeepAlive', more: [1] });
  const keyterms = pick(random, [[], ['a'], null, 'no list', Array.from({ length: 3_000 }, (_, n) => `term ${n}`)]);
  return text({ type: 'Configure', keyterms, features: { numerals: true } });
}

function speakShot(random: Random): Shot {
  const dice = random();
  if (dice < 0.6) return text({ type: 'Speak', text: pick(random, SPOKEN)(random) });
  if (dice < 0.75) return text({ type: 'Flush' });
  if (dice < 0.9) return text({ type: 'Clear', more: [1] });
  if (dice < 0.93) return { type: 'binary', data: bytes(random, 640) };
  return text({ type: 'Speak', text: pick(random, [7, null, ['Bonjour.'], {}, 'a'.repeat(2_001)]) });
}

const SPOKEN: readonly ((random: Random) => string)[] = [
  () => 'Bonjour. ',
  () => 'Il est 14 h 30, M. Dupont, et ',
  () => 'voilà.\n\n- un\n- deux\n',
  () => '',
  () => ' ',
  () => '. '.repeat(300),
  () => '«'.repeat(500),
  () => 'a'.repeat(1_500),
  () => 'Oui. '.repeat(100),
  () => '[[h@l@\\u]] <speak><break time="9s"/></speak> *_`#`_*',
  () => '-v en --version; $(reboot)',
  () => '👩‍👩‍👧‍👦'.repeat(50),
  () => '\u0000\u0007\uFEFF\u202E',
  (random) => bytes(random, 100).toString('latin1'),
  (random) => String.fromCharCode(...Array.from({ length: 80 }, () => random() * 65_536)),
];

function realtimeShot(random: Random): Shot {
  const dice = random();
  if (dice < 0.6) return text({ type: 'input_audio_buffer.append', audio: audio(random).toString('base64') });
  if (dice < 0.65) return text({ type: 'input_audio_buffer.append', audio: pick(random, BAD_AUDIO) });
  if (dice < 0.78) return text({ type: 'input_audio_buffer.commit', event_id: 'c' });
  if (dice < 0.82) return text({ type: 'input_audio_buffer.clear' });
  if (dice < 0.83) return { type: 'binary', data: audio(random) };
  if (dice < 0.85) return text({ type: 'transcription_session.update', session: pick(random, BETA_SESSIONS) });
  return text({ type: 'session.update', session: { type: 'transcription', audio: { input: input(random) } } });
}

const BAD_AUDIO: readonly unknown[] = [
  '',
  '=',
  '====',
  'A',
  '$$$$',
  'AAAA AAAA',
  'é'.repeat(400),
  null,
  7,
  { length: 4 },
];
const BETA_SESSIONS: readonly unknown[] = [
  { input_audio_format: 'g711_alaw', turn_detection: null },
  { input_audio_transcription: { model: 'whisper-1', language: 'fr' } },
  { input_audio_format: 'mp3' },
  null,
];

function input(random: Random): unknown {
  return {
    format: pick(random, [
      undefined,
      { type: 'audio/pcm', rate: 24_000 },
      { type: 'audio/pcm', rate: pick(random, [8_000, 11_025, 16_000, 48_000, 7, -1, 1e300]) },
      { type: 'audio/pcmu' },
      { type: 'audio/ogg' },
    ]),
    transcription: pick(random, [
      undefined,
      null,
      { language: pick(random, ['fr', 'en', 'xx', '', null, 'x'.repeat(50)]) },
      { keywords: Array.from({ length: Math.floor(random() * 2_000) }, (_, n) => `k${n}`) },
      { prompt: 'p, '.repeat(Math.floor(random() * 200_000)) },
    ]),
    turn_detection: pick(random, [
      undefined,
      null,
      { type: 'server_vad', silence_duration_ms: pick(random, [-1, 0, 200, 350, 1e12]) },
      { type: 'semantic_vad', eagerness: pick(random, ['low', 'auto', 'none']) },
      { type: 'magic' },
    ]),
  };
}

/** Noise, now and then loud, in frames of every size. */
function audio(random: Random): Buffer {
  const length = pick(random, [
    0,
    1,
    3,
    639,
    640,
    1_600,
    2_400,
    3_200,
    3_200,
    3_200,
    32_001,
    random() < 0.1 ? 700_000 : 9_600,
  ]);
  const data = bytes(random, length);
  const mask = random() < 0.5 ? 0x03 : 0xff;
  for (let index = 1; index < data.length; index += 2) data[index] = (data[index] as number) & mask;
  return data;
}

function bytes(random: Random, length: number): Buffer {
  const data = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1) data[index] = random() * 256;
  return data;
}

function typeOf(data: Buffer): string {
  const { type } = JSON.parse(data.toString()) as { readonly type: string };
  return type;
}
