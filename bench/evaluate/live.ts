import { listenMessageSchema, type ListenMessage } from '@eloquence/shared/contracts/stt';
import { toSamples } from '@eloquence/testkit/waveform';
import { WebSocket } from 'ws';
import type { Clip } from './clip-set.ts';
import type { RunningService } from './services.ts';

/** One clip through the gateway as a microphone would have sent it. */
export interface LiveResult {
  /** All finals, in order; '' when no word came. */
  readonly text: string;
  /** ms from the end of speech until the last final with words was here, else the last one; undefined when none came. */
  readonly finalMs: number | undefined;
  /** What the gateway said went wrong. */
  readonly errors: readonly string[];
}

export interface LiveOptions {
  readonly language: string | undefined;
  readonly endpointingMs: number;
  /** 1 = as a person speaks. */
  readonly speed: number;
  readonly signal: AbortSignal;
}

const FRAME_MS = 50;
/** Silence after the clip: longer than any endpointing waits, as a person's microphone stays open. */
const TAIL_MS = 1_000;
/** For the finals after the last frame: the slowest model worth a row. */
const FINAL_DEADLINE_MS = 180_000;

/** @throws Error when the gateway refuses the socket, breaks it off or does not end it in time */
export async function playLive(gateway: RunningService, clip: Clip, options: LiveOptions): Promise<LiveResult> {
  const { signal, speed } = options;
  const socket = new WebSocket(listenAddress(gateway.url, options), {
    headers: { authorization: `Token ${gateway.key}` },
  });
  const arrived: { readonly message: ListenMessage; readonly atMs: number }[] = [];
  const closed = closing(socket);
  socket.on('message', (data) => {
    const atMs = performance.now();
    const parsed = listenMessageSchema.safeParse(JSON.parse((data as Buffer).toString()));
    if (parsed.success) arrived.push({ message: parsed.data, atMs });
    else socket.emit('error', new Error(`the gateway sent what is not in its contract: ${parsed.error.message}`));
  });
  const stop = () => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await opening(socket);
    const startMs = performance.now();
    await sendPaced(socket, withTail(clip.pcm, options.endpointingMs), options);
    socket.send(JSON.stringify({ type: 'CloseStream' }));
    const reason = await within(closed, FINAL_DEADLINE_MS);
    signal.throwIfAborted();
    if (reason !== '') throw new Error(`the gateway closed the socket: ${reason}`);
    return resultOf(arrived, startMs + clip.speechEndMs / speed);
  } finally {
    signal.removeEventListener('abort', stop);
    socket.terminate();
  }
}

function listenAddress(url: string, { language, endpointingMs }: LiveOptions): string {
  const query = new URLSearchParams({
    encoding: 'linear16',
    sample_rate: '16000',
    // Interims are decoded on the same machine while a person speaks: their cost belongs to the figure.
    interim_results: 'true',
    vad_events: 'true',
    endpointing: String(endpointingMs),
    language: language ?? 'multi',
  });
  return `${url.replace(/^http/, 'ws')}/v1/listen?${query.toString()}`;
}

function withTail(pcm: Int16Array, endpointingMs: number): Int16Array {
  const all = new Int16Array(pcm.length + toSamples(TAIL_MS + endpointingMs));
  all.set(pcm);
  return all;
}

/** Each frame when a microphone would have it whole. */
async function sendPaced(socket: WebSocket, pcm: Int16Array, { speed, signal }: LiveOptions): Promise<void> {
  const step = toSamples(FRAME_MS);
  const startMs = performance.now();
  for (let at = 0; at < pcm.length; at += step) {
    const frame = pcm.subarray(at, at + step);
    const dueMs = startMs + (at + frame.length) / 16 / speed;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    signal.throwIfAborted();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
  }
}

/** What came over the wire -> text and time. `endMs`: when speech ended, on the clock of the arrivals. */
export function resultOf(
  arrived: readonly { readonly message: ListenMessage; readonly atMs: number }[],
  endMs: number,
): LiveResult {
  const finals = arrived.flatMap(({ message, atMs }) => {
    if (message.type !== 'Results' || !message.is_final) return [];
    return [{ text: message.channel.alternatives[0]?.transcript.trim() ?? '', atMs }];
  });
  const worded = finals.filter(({ text }) => text !== '');
  const last = worded.at(-1) ?? finals.at(-1);
  return {
    text: worded.map(({ text }) => text).join(' '),
    finalMs: last && last.atMs - endMs,
    errors: arrived.flatMap(({ message }) =>
      message.type === 'Error' ? [`${message.code}: ${message.description}`] : [],
    ),
  };
}

async function opening(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the gateway closed the socket at once')));
  });
}

/** Resolves with the reason for which the socket was closed, '' when that was as agreed. */
function closing(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    let failure = '';
    socket.on('error', (error) => (failure = error.message));
    socket.once('close', (code, reason) => resolve(failure || (code === 1000 ? '' : `${code} ${reason.toString()}`)));
  });
}

async function within<T>(pending: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no final within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
