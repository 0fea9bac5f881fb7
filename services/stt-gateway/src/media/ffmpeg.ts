import { spawn, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import { S16leFramer } from '../audio/pcm.ts';
import type { MediaType } from './media-type.ts';

export interface FfmpegOptions {
  /** Folders in which ffmpeg is looked for, as in PATH. */
  readonly path: string;
  /** Longest recording, seconds; a little more comes out of a longer one, so that it can be told. */
  readonly maxS: number;
  /** Without any output for so long it is given up. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** The length the file claims, as soon as it is known; seconds. */
  readonly onDuration: (seconds: number) => void;
}

/**
 * Containers and raw codecs of sound. A list of what may be opened, because among the others are playlists and
 * concatenations, which open files of the machine.
 */
const DEMUXERS = `aac ac3 aiff amr amrnb amrwb ape asf au avi caf dsf dts dtshd eac3 flac flv g722 g726 gsm iff ircam
  ivf loas matroska mlp mmf mov mp3 mpc mpc8 mpeg mpegts mxf nut ogg oma rm s16be s16le shn sox tak truehd tta voc w64
  wav wsaud wtv wv xwma`;
const PROGRAM = 'ffmpeg';
const MAX_ALLOCATION_BYTES = 268_435_456;
const MAX_MESSAGES = 16_384;

/**
 * The sound of a recording as 16 kHz mono samples, by ffmpeg in a process of its own: its faults are not ours, and it
 * makes way for speech that is heard live. It reads no faster than it is listened to.
 *
 * @param descriptor of the open file
 * @throws AppError `invalid_audio`, `unavailable` (no ffmpeg); the signal's reason when aborted
 */
export async function* decodeWithFfmpeg(
  descriptor: number,
  media: MediaType,
  options: FfmpegOptions,
): AsyncGenerator<Int16Array<ArrayBuffer>> {
  const { signal } = options;
  signal.throwIfAborted();
  const child = spawn(PROGRAM, argumentsFor(media, options.maxS), {
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
    // Nothing of ours, least of all keys.
    env: { PATH: options.path },
  });
  const messages = listen(child, options.onDuration);
  const ended = endOf(child);
  lowerPriority(child);
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  let stalled = false;
  const watch = () => setTimeout(() => (stalled = child.kill('SIGKILL')), options.stallMs);
  let timer = watch();
  try {
    const framer = new S16leFramer();
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield framer.push(bytes);
      timer = watch();
    }
    const end = await ended;
    signal.throwIfAborted();
    if (stalled)
      throw new AppError(
        'invalid_audio',
        `The recording was given up: no sound came out of it in ${options.stallMs / 1000} s.`,
      );
    if (end instanceof Error) throw end;
    if (end !== 0) throw explain(messages());
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    kill();
  }
}

function argumentsFor(media: MediaType, maxS: number): string[] {
  const samples = media.type === 'samples' ? `-f ${media.encoding} -ar ${media.rateHz} -ac ${media.channels}` : '';
  // The descriptor by its name: a second opening has a position of its own and can be searched.
  const input = `${samples} -protocol_whitelist file,pipe -format_whitelist ${DEMUXERS.split(/\s+/).join(',')} -i file:/dev/fd/3`;
  const output = `-map 0:a:0 -vn -sn -dn -map_metadata -1 -t ${maxS + 1} -ar ${STT_SAMPLE_RATE_HZ} -ac 1 -f s16le pipe:1`;
  const general = `-nostdin -hide_banner -nostats -loglevel info -max_alloc ${MAX_ALLOCATION_BYTES}`;
  return `${general} ${input} ${output}`.split(/ +/);
}

/** @returns what ffmpeg has said by now; the beginning of it, which names the fault */
function listen(child: ChildProcess, onDuration: (seconds: number) => void): () => string {
  let text = '';
  let told = false;
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    if (text.length < MAX_MESSAGES) text += piece;
    const [, h, m, s] = (!told && /^ {2}Duration: (\d+):(\d+):(\d+\.\d+)/m.exec(text)) || [];
    if (h === undefined) return;
    told = true;
    // A guess by bit rate may be wrong by hours.
    if (!text.includes('Estimating duration from bitrate')) onDuration(Number(h) * 3600 + Number(m) * 60 + Number(s));
  });
  return () => text;
}

/** Its exit status, or why it could not be started. */
function endOf(child: ChildProcess): Promise<number | Error> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? missing() : error));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function missing(): AppError {
  return new AppError(
    'unavailable',
    'ffmpeg, which reads this kind of recording, is not installed on the server: apt install ffmpeg. WAV files of 16-bit samples and audio/pcm work without.',
  );
}

function explain(messages: string): AppError {
  if (/matches no streams|does not contain any stream/i.test(messages))
    return new AppError('invalid_audio', 'The file has no audio track.');
  return new AppError('invalid_audio', 'The file is damaged, or no audio or video that ffmpeg can read.');
}

function lowerPriority({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}
