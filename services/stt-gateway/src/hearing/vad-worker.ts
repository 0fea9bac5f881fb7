import { parentPort, workerData } from 'node:worker_threads';
import { newSileroMemory, Silero, WINDOW_SAMPLES, type SileroInput, type SileroMemory } from './silero.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/**
 * The thread that listens for speech, for all streams: it takes at most one window of each stream per round, so that a
 * stream which sends faster than realtime cannot hold up the others. Its queues are bounded by the senders: each
 * stream stops reading its socket while too many of its windows are out (session/session.ts).
 */
const MAX_BATCH = 16;

interface Listener {
  readonly memory: SileroMemory;
  /** Whole windows waiting, and how far the first is used up. */
  readonly waiting: Int16Array[];
  offset: number;
}

const port = parentPort;
if (!port) throw new Error('vad-worker.ts runs as a worker thread only');
const listeners = new Map<number, Listener>();
const silero = await Silero.load((workerData as { modelPath: string }).modelPath);
let running = false;
let stopped = false;

port.on('message', (message: ToWorker) => {
  if (message.type === 'windows') {
    take(message.streams, message.windows);
    if (!running) void work();
  } else if (message.type === 'close') listeners.delete(message.stream);
  else {
    stopped = true;
    listeners.clear();
    if (!running) void finish();
  }
});
port.postMessage({ type: 'ready' } satisfies FromWorker);

function take(streams: readonly number[], windows: Int16Array): void {
  let from = 0;
  for (let index = 0; index < streams.length; index += 2) {
    const stream = streams[index] as number;
    const to = from + (streams[index + 1] as number) * WINDOW_SAMPLES;
    let listener = listeners.get(stream);
    if (!listener) listeners.set(stream, (listener = { memory: newSileroMemory(), waiting: [], offset: 0 }));
    listener.waiting.push(windows.subarray(from, to));
    from = to;
  }
}

async function work(): Promise<void> {
  running = true;
  for (let round = nextRound(); round.length > 0; round = nextRound()) {
    const probabilities = await silero.run(round);
    const results = round.map(({ stream }, row) => ({ stream, probability: probabilities[row] ?? 0 }));
    port?.postMessage({ type: 'heard', results } satisfies FromWorker);
    // Lets messages in between rounds: a closed stream must not be worked on.
    await new Promise((resolve) => setImmediate(resolve));
  }
  running = false;
  if (stopped) await finish();
}

/** The first waiting window of up to MAX_BATCH streams; those taken go to the end of the line. */
function nextRound(): (SileroInput & { stream: number })[] {
  const round: (SileroInput & { stream: number })[] = [];
  for (const [stream, listener] of listeners) {
    const windows = listener.waiting[0];
    if (!windows) continue;
    round.push({
      stream,
      memory: listener.memory,
      samples: windows.subarray(listener.offset, listener.offset + WINDOW_SAMPLES),
    });
    listener.offset += WINDOW_SAMPLES;
    if (listener.offset >= windows.length) {
      listener.waiting.shift();
      listener.offset = 0;
    }
    if (round.length === MAX_BATCH) break;
  }
  for (const { stream } of round) {
    const listener = listeners.get(stream);
    if (!listener) continue;
    listeners.delete(stream);
    listeners.set(stream, listener);
  }
  return round;
}

async function finish(): Promise<void> {
  await silero.release();
  port?.close();
}
