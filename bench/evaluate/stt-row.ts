import { percentile } from '@eloquence/testkit/call-report';
import type { WordErrors } from '@eloquence/testkit/word-error-rate';
import type { LiveResult } from './live.ts';
import type { Redecodes } from './redecodes.ts';
import { totalErrors } from './word-errors.ts';

/** What became of one clip. */
export interface ClipResult {
  readonly clip: string;
  readonly said: string;
  readonly audioS: number;
  /** By the model alone, the whole clip in one request. */
  readonly heard: string;
  readonly callS: number;
  /** Through the gateway; null when that was left out. */
  readonly live: LiveResult | null;
}

export interface Summary {
  readonly clips: number;
  readonly audioS: number;
  readonly direct: {
    /** null: random weights, whose words mean nothing. */
    readonly words: WordErrors | null;
    readonly callP50S: number;
    readonly callP95S: number;
    /** Seconds of work per second of audio: below 1 it keeps up with one speaker. */
    readonly realTimeFactor: number;
  };
  readonly live: {
    readonly words: WordErrors | null;
    /** End of speech -> last final; null when no clip had one. */
    readonly finalP50Ms: number | null;
    readonly finalP95Ms: number | null;
    /** Clips of which no word came. */
    readonly unheard: number;
    readonly errors: readonly string[];
  } | null;
}

/** One line of the comparison. */
export type SttRow =
  | {
      readonly outcome: 'failed';
      readonly model: string;
      readonly window: string;
      readonly reason: string;
    }
  | (Summary & {
      readonly outcome: 'measured';
      readonly model: string;
      readonly window: string;
      /** The model's own label. */
      readonly engine: string;
      /** Device, number format and threads, as whisper-stt says. */
      readonly runsOn: string;
      /** From the start of the process to its first transcript of its own; a download is not counted. */
      readonly loadS: number;
      /** Of the clips decoded alone. */
      readonly redecodes: Redecodes;
      /** Most memory whisper-stt held; null where the system does not say. */
      readonly memoryMb: number | null;
      readonly results: readonly ClipResult[];
    });

/** @param judged whether the words mean anything */
export function summarize(results: readonly ClipResult[], judged: boolean): Summary {
  const callsS = results.map(({ callS }) => callS);
  const audioS = sum(results.map((result) => result.audioS));
  const lives = results.flatMap(({ live }) => live ?? []);
  const finals = lives.flatMap(({ finalMs }) => finalMs ?? []);
  return {
    clips: results.length,
    audioS,
    direct: {
      words: judged ? totalErrors(results) : null,
      callP50S: percentile(callsS, 0.5) ?? 0,
      callP95S: percentile(callsS, 0.95) ?? 0,
      realTimeFactor: audioS === 0 ? 0 : sum(callsS) / audioS,
    },
    live:
      lives.length === 0
        ? null
        : {
            words: judged ? totalErrors(results.map(({ said, live }) => ({ said, heard: live?.text ?? '' }))) : null,
            finalP50Ms: percentile(finals, 0.5),
            finalP95Ms: percentile(finals, 0.95),
            unheard: lives.filter(({ text }) => text === '').length,
            errors: lives.flatMap(({ errors }) => errors),
          },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
