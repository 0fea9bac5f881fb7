import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TTS_SAMPLE_RATE_HZ, type SpeechFormat } from '@eloquence/shared/contracts/tts';
import { startChild, type Child } from '../child-output.ts';

export type EncodedFormat = Exclude<SpeechFormat, 'pcm' | 'wav'>;

const encoders: Record<EncodedFormat, string> = { mp3: 'libmp3lame', opus: 'libopus', flac: 'flac', aac: 'aac' };

/** ffmpeg's words for each format. Nothing that is only a header goes before the sound, as far as the format allows. */
const outputs: Record<EncodedFormat, readonly string[]> = {
  // No bit reservoir: decoders that lose the first frame to probing (LiveKit's for Python) would lose the first sound with it.
  mp3: ['-b:a', '64k', '-reservoir', '0', '-id3v2_version', '0', '-write_xing', '0', '-f', 'mp3'],
  // One Ogg page per 20 ms frame: a page is what a player can start with.
  opus: ['-b:a', '32k', '-application', 'voip', '-page_duration', '20000', '-f', 'ogg'],
  flac: ['-f', 'flac'],
  aac: ['-b:a', '64k', '-f', 'adts'],
};

/** A spare nobody came for is let go, ms. */
const SPARE_KEPT_MS = 300_000;
const DETECT_TIMEOUT_MS = 5_000;
const run = promisify(execFile);

interface Spare {
  readonly child: Child;
  readonly expiry: NodeJS.Timeout;
}

/**
 * The ffmpeg of this machine. Starting one takes 50 ms and more, so that after each one taken the next is started beforehand:
 * at most one per format waits, with 10 MB of its own. A spare ends with us, whichever way we end: its input closes.
 */
export class Ffmpeg {
  readonly #program: string;
  readonly #formats: ReadonlySet<EncodedFormat>;
  readonly #spares = new Map<EncodedFormat, Spare>();
  #isClosed = false;

  private constructor(program: string, formats: ReadonlySet<EncodedFormat>) {
    this.#program = program;
    this.#formats = formats;
  }

  /** Asks it what it can encode; one that does not answer can nothing. @param program path */
  static async open(program: string): Promise<Ffmpeg> {
    const listed = await run(program, ['-hide_banner', '-encoders'], { timeout: DETECT_TIMEOUT_MS }).catch(
      () => undefined,
    );
    const names = new Set(listed?.stdout.split('\n').map((line) => line.trim().split(/\s+/)[1]));
    const formats = (Object.keys(encoders) as EncodedFormat[]).filter((format) => names.has(encoders[format]));
    return new Ffmpeg(program, new Set(formats));
  }

  /** What it can encode. */
  get formats(): ReadonlySet<EncodedFormat> {
    return this.#formats;
  }

  /** A process that reads s16 mono 24 kHz and writes the format as it comes; whoever takes it has to end it. */
  take(format: EncodedFormat): Child {
    const spare = this.#spares.get(format);
    this.#spares.delete(format);
    clearTimeout(spare?.expiry);
    const isAlive = spare && spare.child.exitCode === null && spare.child.signalCode === null;
    const child = isAlive ? spare.child : this.#start(format);
    if (!this.#isClosed) this.#prepare(format);
    return child;
  }

  /** Lets the spares go. */
  close(): void {
    this.#isClosed = true;
    for (const format of this.#spares.keys()) this.#discard(format);
  }

  #prepare(format: EncodedFormat): void {
    const child = this.#start(format);
    const expiry = setTimeout(() => this.#discard(format), SPARE_KEPT_MS).unref();
    this.#spares.set(format, { child, expiry });
  }

  #discard(format: EncodedFormat): void {
    const spare = this.#spares.get(format);
    clearTimeout(spare?.expiry);
    spare?.child.kill('SIGKILL');
    this.#spares.delete(format);
  }

  #start(format: EncodedFormat): Child {
    const input = ['-f', 's16le', '-ar', String(TTS_SAMPLE_RATE_HZ), '-ac', '1', '-i', 'pipe:0'];
    // Without these it reads 5 s before it writes. `-fflags nobuffer` would do the same, and lose the first 40 ms.
    const quick = ['-probesize', '32', '-analyzeduration', '1'];
    const args = ['-hide_banner', '-nostdin', '-loglevel', 'quiet', ...quick, ...input, '-flush_packets', '1'];
    return startChild(this.#program, [...args, '-c:a', encoders[format], ...outputs[format], 'pipe:1']);
  }
}
