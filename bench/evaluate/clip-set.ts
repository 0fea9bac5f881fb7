import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { demoSentences } from '@eloquence/testkit/sentences';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { levelDb, soundBounds, toSamples } from '@eloquence/testkit/waveform';
import { normalizedWords } from '@eloquence/testkit/word-error-rate';
import { readAudioFile } from './audio-file.ts';
import { addNoise } from './noise.ts';

/** A recording and what is said in it. */
export interface Clip {
  readonly name: string;
  readonly text: string;
  /** 16 kHz mono. */
  readonly pcm: Int16Array;
  /** Where its last sound ends, ms from the start. */
  readonly speechEndMs: number;
}

export interface ClipSet {
  /** "demo", or the folder. */
  readonly name: string;
  readonly clips: readonly Clip[];
}

export interface SetRequest {
  /** `demo`, or a folder of recordings each with its text. */
  readonly set: string;
  /** At most so many, taken evenly; undefined = all of a folder, {@link DEMO_CLIPS} of the demo. */
  readonly clips: number | undefined;
  /** espeak-ng voices of the demo, in turn. */
  readonly voices: readonly string[];
  /** White noise this many dB below the speech; undefined = none. */
  readonly noiseDb: number | undefined;
  readonly signal?: AbortSignal;
}

/** What is wrong with a set: every fault at once, each naming its fix. */
export class ClipSetError extends Error {
  override readonly name = 'ClipSetError';
}

const DEMO_CLIPS = 20;
const EXTENSIONS = ['.wav', '.mp3', '.flac', '.ogg', '.opus', '.m4a', '.aac', '.webm'];
/** The raw way in of whisper-stt takes 16 min. */
const LONGEST_S = 900;
/** A room's noise is so much below its loudest speech: what is quieter is not speech that ends. */
const ROOM_DB = 35;
const QUIETEST_DB = -50;

/** @throws ClipSetError; MissingProgramError without ffmpeg (folders) or espeak-ng (demo) */
export async function readClipSet(request: SetRequest): Promise<ClipSet> {
  const clips = request.set === 'demo' ? await demoClips(request) : await folderClips(request);
  const { noiseDb } = request;
  if (noiseDb === undefined) return { name: request.set, clips };
  const noisy = clips.map((clip) => ({ ...clip, pcm: addNoise(clip.pcm, noiseDb) }));
  return { name: `${request.set} with noise at ${noiseDb} dB`, clips: noisy };
}

/** `count` of the items, spread evenly over all of them. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (count >= items.length) return [...items];
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as T);
}

async function demoClips({ clips = DEMO_CLIPS, voices, signal }: SetRequest): Promise<Clip[]> {
  const made: Clip[] = [];
  const rounds = Math.ceil(clips / demoSentences.length);
  const sentences =
    rounds <= 1 ? spread(demoSentences, clips) : Array.from({ length: rounds }, () => demoSentences).flat();
  for (const [index, text] of sentences.slice(0, clips).entries()) {
    signal?.throwIfAborted();
    const voice = voices[index % voices.length] ?? 'fr-fr';
    const pcm = await synthesize(text, { voice });
    made.push({ name: `${String(index + 1).padStart(3, '0')} ${voice}`, text, pcm, speechEndMs: speechEnd(pcm) });
  }
  return made;
}

async function folderClips({ set, clips, signal }: SetRequest): Promise<Clip[]> {
  const names = spread(recordingsOf(set), clips ?? Infinity);
  const faults: string[] = [];
  const found: Clip[] = [];
  for (const name of names) {
    try {
      const text = textOf(set, name);
      const pcm = await readAudioFile(join(set, name), signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        if (error instanceof Error && error.name === 'MissingProgramError') throw error;
        throw new ClipSetError(`${name} cannot be read as audio (${(error as Error).message}): convert it to WAV.`);
      });
      found.push({ name, text, pcm, speechEndMs: checkedSpeechEnd(name, pcm) });
    } catch (error) {
      if (!(error instanceof ClipSetError)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new ClipSetError(`The set ${set} cannot be used:\n  ${faults.join('\n  ')}`);
  return found;
}

function recordingsOf(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter(
      (name) => !name.startsWith('.') && EXTENSIONS.includes(extname(name).toLowerCase()),
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'ENOTDIR' ? 'is a file' : code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new ClipSetError(`--set ${folder} ${what}: name a folder of recordings, or demo.`, { cause: error });
  }
  if (names.length === 0)
    throw new ClipSetError(
      `--set ${folder} holds no recording: put x.wav (or ${EXTENSIONS.slice(1).join(', ')}) there, and x.txt with what is said in it.`,
    );
  return names.toSorted();
}

function textOf(folder: string, recording: string): string {
  const name = `${recording.slice(0, -extname(recording).length)}.txt`;
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(folder, name));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'has no text' : 'has a text that cannot be read';
    throw new ClipSetError(`${recording} ${why}: write what is said in it to ${name}.`, { cause: error });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll(/\s+/g, ' ').trim();
    if (normalizedWords(text).length > 0) return text;
  } catch (error) {
    throw new ClipSetError(`${name} is not UTF-8: save it as UTF-8.`, { cause: error });
  }
  throw new ClipSetError(`${name} holds no word: write what is said in ${recording}, or remove both.`);
}

function checkedSpeechEnd(name: string, pcm: Int16Array): number {
  if (pcm.length === 0) throw new ClipSetError(`${name} is empty: record it again, or remove it and its text.`);
  if (pcm.length > toSamples(LONGEST_S * 1000))
    throw new ClipSetError(`${name} is longer than ${LONGEST_S / 60} minutes: cut it and its text into parts.`);
  const endMs = speechEnd(pcm);
  if (endMs === 0) throw new ClipSetError(`${name} is silent: record it again, or remove it and its text.`);
  return endMs;
}

/** End of the last sound that is no more than {@link ROOM_DB} below the loudest; 0 when there is none. */
export function speechEnd(pcm: Int16Array): number {
  const step = toSamples(20);
  let loudestDb = -Infinity;
  for (let at = 0; at < pcm.length; at += step) loudestDb = Math.max(loudestDb, levelDb(pcm.subarray(at, at + step)));
  const thresholdDb = Math.max(QUIETEST_DB, loudestDb - ROOM_DB);
  return soundBounds(pcm, { thresholdDb })?.toMs ?? 0;
}
