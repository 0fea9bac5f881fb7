import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { textTable } from '@eloquence/testkit/text-table';
import { percentile } from '@eloquence/testkit/call-report';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';
import { stopwatch, threadsNamed } from '../thread-times.ts';
import { callEngine } from './engine-call.ts';
import { everyFrame, FRAME_MS, ListenStream, RefusedError } from './listen-stream.ts';
import { startFixedEngine, startGateway } from './processes.ts';
import { asEvents, RealtimeStream } from './realtime-stream.ts';
import { SILENT_FRAME, utterances, type Utterance } from './speech-loop.ts';

/**
 * What the gateway adds, and what it costs.
 *
 * Each stream sends 50 ms frames in realtime: 1.6 s of speech, `Finalize` in the middle of a word, 2.4 s of silence, and
 * so on. Added = `Finalize` -> final through the gateway, less a call with the same audio from this process straight to
 * the engine, made 100 ms later: what of the way is the gateway's (socket, hearing the last window, cutting, guards), free of
 * the model and of most of the machine's noise. The engine answers at once. CPU per frame is what the kernel counted for
 * the gateway's threads, over all frames of the run, finals included: `frame` is everything but the thread that hears (VAD).
 *
 * The gateway has core 0 to itself as far as the machine allows, this process and the engine share core 1.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    streams: { type: 'string', default: '1,20,100' },
    seconds: { type: 'string', default: '20' },
    /** binary: /v1/listen at 16 kHz; json: /v1/realtime at 24 kHz. */
    wire: { type: 'string', default: 'binary' },
    interims: { type: 'boolean', default: false },
    /** Folder for V8 CPU profiles of the gateway. */
    profile: { type: 'string' },
  },
});
const SECONDS = Number(values.seconds);
const SPEECH_FRAMES = 32;
const CYCLE_FRAMES = 80;
const DIRECT_AFTER_FRAMES = 2;
const WARM_UP_MS = 4_000;
const FINAL_TIMEOUT_MS = 5_000;

interface Pair {
  readonly throughMs: number;
  readonly directMs: number;
}

interface MeasuredStream {
  /** Sent so far. */
  readonly frames: number;
  readonly isOpen: boolean;
  close(): void;
}

/** What one stream says, in the frames of its wire. */
interface Turn<Frame> {
  readonly speech: readonly Frame[];
  readonly silence: Frame;
  /** The same speech as the engine gets it. */
  readonly audio: Buffer;
  readonly until: () => boolean;
  readonly onPair: (pair: Pair) => void;
}

/** A stopwatch between the end of a turn and its final. */
class Watch {
  #startedMs = 0;
  #tookMs: number | undefined;

  start(): void {
    this.#startedMs = performance.now();
    this.#tookMs = undefined;
  }

  readonly stop = (): void => {
    if (this.#startedMs > 0) this.#tookMs ??= performance.now() - this.#startedMs;
  };

  /** The time, once. @throws when there is none and it is too late for one */
  take(): number | undefined {
    if (this.#startedMs === 0) return undefined;
    if (this.#tookMs === undefined && performance.now() - this.#startedMs > FINAL_TIMEOUT_MS)
      throw new Error('a final did not come');
    if (this.#tookMs !== undefined) this.#startedMs = 0;
    return this.#tookMs;
  }
}

function play<Frame>(
  stream: MeasuredStream & { send(frame: Frame): void; finalize(): void },
  watch: Watch,
  engineUrl: string,
  { speech, silence, audio, until, onPair }: Turn<Frame>,
): void {
  everyFrame((frame) => {
    if (until() || !stream.isOpen) return false;
    const at = frame % CYCLE_FRAMES;
    stream.send(speech[at] ?? silence);
    if (at === SPEECH_FRAMES - 1) {
      watch.start();
      stream.finalize();
    } else if (at >= SPEECH_FRAMES + DIRECT_AFTER_FRAMES) {
      // Nearly always the final is there by now; if not, the pair is made with the frame that finds it.
      const throughMs = watch.take();
      if (throughMs !== undefined)
        void callEngine(engineUrl, audio).then((directMs) => onPair({ throughMs, directMs }));
    }
    return true;
  });
}

async function speak(
  url: string,
  engineUrl: string,
  { frames, until, onPair }: { frames: Utterance; until: () => boolean; onPair: (pair: Pair) => void },
): Promise<MeasuredStream> {
  const watch = new Watch();
  const speech = frames.slice(0, SPEECH_FRAMES);
  const turn = { audio: Buffer.concat(speech), until, onPair };
  if (values.wire === 'json') {
    const [silence = ''] = asEvents([SILENT_FRAME]);
    const stream = await RealtimeStream.open(url, watch.stop);
    play(stream, watch, engineUrl, { ...turn, speech: asEvents(speech), silence });
    return stream;
  }
  const stream = await ListenStream.open({
    url,
    query: { endpointing: 'false', interim_results: String(values.interims) },
    onResults: ({ from_finalize: asked, is_final: final }) => {
      if (final && asked) watch.stop();
    },
    onError: (code) => process.stderr.write(`the gateway said ${code}\n`),
  });
  play(stream, watch, engineUrl, { ...turn, speech, silence: SILENT_FRAME });
  return stream;
}

/** As `speak`, coming again when refused: a bench begins with all at once, on an engine nobody knows yet. */
async function enter(...stream: Parameters<typeof speak>): Promise<MeasuredStream> {
  for (;;) {
    try {
      return await speak(...stream);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      process.stderr.write(`${error.message}; again\n`);
      await sleep(500);
    }
  }
}

/** Of the run's time on one core, in percent. */
function share(us: number): string {
  return show((100 * us) / (SECONDS * 1e6));
}

async function measure(count: number): Promise<string[]> {
  await using engine = await startFixedEngine({ serviceMs: 0, core: 1 });
  const nodeFlags = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
  await using gateway = await startGateway(engine.url, { core: 0, nodeFlags });
  const pid = gateway.process.pid ?? 0;
  const material = (await utterances(20, SPEECH_FRAMES / 20, 6)).filter((one) => one.length >= SPEECH_FRAMES);
  const pairs: Pair[] = [];
  let over = false;
  let measuring = false;
  const streams: MeasuredStream[] = [];
  for (let index = 0; index < count; index += 1) {
    const frames = material[index % material.length] ?? [];
    const stream = await enter(gateway.url, engine.url, {
      frames,
      until: () => over,
      onPair: (pair) => measuring && pairs.push(pair),
    });
    streams.push(stream);
    // Spread over the cycle, as speakers are.
    await sleep((CYCLE_FRAMES * FRAME_MS) / count);
  }
  await sleep(WARM_UP_MS);
  const framesBefore = streams.reduce((sum, stream) => sum + stream.frames, 0);
  const stop = stopwatch(pid, threadsNamed(pid, /^WorkerThread/));
  const stopOwn = stopwatch(process.pid, []);
  measuring = true;
  await sleep(SECONDS * 1000);
  measuring = false;
  const { main, rest, worker } = stop();
  const own = stopOwn();
  const frames = streams.reduce((sum, stream) => sum + stream.frames, 0) - framesBefore;
  over = true;
  for (const stream of streams) stream.close();
  const through = pairs.map(({ throughMs }) => throughMs);
  const direct = pairs.map(({ directMs }) => directMs);
  const added = pairs.map(({ throughMs, directMs }) => throughMs - directMs);
  return [
    String(count),
    String(pairs.length),
    ...[direct, through, added].flatMap((list) => [show(percentile(list, 0.5), 2), show(percentile(list, 0.99), 2)]),
    show((main.runUs + rest.runUs) / frames, 1),
    show(main.runUs / frames, 1),
    show(worker.runUs / frames, 1),
    share(main.runUs + rest.runUs + worker.runUs),
    `${share(main.waitUs)} / ${share(own.main.waitUs)}`,
  ];
}

const load = watchLoad();
const header = [
  'streams',
  'pairs',
  'direct p50 ms',
  'p99',
  'through p50',
  'p99',
  'added p50',
  'p99',
  'us/frame',
  'of it main thread',
  'VAD us/frame',
  '% of core 0',
  '% of the time waiting for a core: gateway / this process',
];
const rows: string[][] = [];
process.stdout.write(
  `${values.wire}, one frame = 50 ms; ${SECONDS} s per row${values.interims ? ', with interims' : ''}\n`,
);
for (const count of values.streams.split(',').map(Number)) rows.push(await measure(count));
process.stdout.write(`${textTable([header, ...rows]).join('\n')}\n${load()}\n`);
process.exit(0);
