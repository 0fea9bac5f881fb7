import { deflateSync } from 'node:zlib';
import type {
  TranscriptionJson,
  TranscriptionSegment,
  TranscriptionVerbose,
} from '@eloquence/shared/contracts/transcriptions';
import type { Transcript } from '../session/session-events.ts';
import type { FileOptions } from './file-options.ts';
import { cuesOf, toSrt, toVtt } from './subtitles.ts';
import type { FileTranscript } from './transcribe-file.ts';

export interface Answer {
  readonly contentType: string;
  readonly body: string;
}

const UNDETERMINED = 'undetermined';
/** Written without spaces between words, so also between windows. */
const WITHOUT_SPACES = new Set(['zh', 'yue', 'ja', 'th', 'lo', 'my', 'km', 'bo']);

const englishNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** The finished transcript in the form the caller asked for. */
export function answer(transcript: FileTranscript, want: FileOptions): Answer {
  switch (want.format) {
    case 'text':
      return { contentType: 'text/plain; charset=utf-8', body: `${textOf(transcript)}\n` };
    case 'srt':
      return { contentType: 'application/x-subrip; charset=utf-8', body: toSrt(cuesOf(transcript.windows)) };
    case 'vtt':
      return { contentType: 'text/vtt; charset=utf-8', body: toVtt(cuesOf(transcript.windows)) };
    case 'json':
      return json(toJson(transcript));
    case 'verbose_json':
      return json(toVerbose(transcript, want));
  }
}

function textOf({ windows, language }: FileTranscript): string {
  return windows.map(({ text }, index) => delta(text, index === 0, language)).join('');
}

/** What a window adds to the text so far. */
export function delta(text: string, first: boolean, language: string | undefined): string {
  const code = language?.toLowerCase().split(/[-_]/)[0] ?? '';
  return first || WITHOUT_SPACES.has(code) ? text : ` ${text}`;
}

function toJson(transcript: FileTranscript): TranscriptionJson {
  return { text: textOf(transcript), usage: { type: 'duration', seconds: transcript.durationS } };
}

function toVerbose(transcript: FileTranscript, want: FileOptions): TranscriptionVerbose {
  const { windows, language, durationS } = transcript;
  return {
    task: 'transcribe',
    language: nameOf(language),
    duration: durationS,
    text: textOf(transcript),
    ...(want.words && {
      words: windows.flatMap(({ words }) =>
        words.map(({ word, startS, endS }) => ({ word, start: startS, end: endS })),
      ),
    }),
    ...(want.segments && {
      segments: windows
        .flatMap((window) => segmentsOf(window, want.temperature))
        .map((segment, id) => ({ id, ...segment })),
    }),
    usage: { type: 'duration', seconds: durationS },
  };
}

/** `fr`, `fr-FR` -> `french`; what is no code (an engine may give names) stays as it is. */
function nameOf(language: string | undefined): string {
  if (!language) return UNDETERMINED;
  const code = language.toLowerCase().split(/[-_]/)[0] ?? '';
  if (code === 'und') return UNDETERMINED;
  const isCode = /^[a-z]{2,3}$/.test(code);
  return (isCode ? englishNames.of(code)?.toLowerCase() : undefined) ?? language.toLowerCase();
}

/** An engine that gives no segments gave one, and certainty in other words. */
function segmentsOf(window: Transcript, temperature: number): Omit<TranscriptionSegment, 'id'>[] {
  const { startS, endS, text, words, confidence } = window;
  const whole = {
    startS: words[0]?.startS ?? startS,
    endS: words.at(-1)?.endS ?? endS,
    text,
    avgLogprob: undefined,
    compressionRatio: undefined,
    noSpeechProb: undefined,
  };
  const segments = window.segments.length > 0 ? window.segments : [whole];
  return segments.map((segment) => ({
    seek: Math.round(startS * 100),
    start: segment.startS,
    end: segment.endS,
    text: segment.text,
    tokens: [],
    temperature,
    avg_logprob: segment.avgLogprob ?? Math.log(Math.max(confidence, Number.EPSILON)),
    compression_ratio: segment.compressionRatio ?? compressionRatio(segment.text),
    no_speech_prob: segment.noSpeechProb ?? 0,
  }));
}

/** As Whisper reckons it: length of the text over its length when compressed by zlib. */
function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return Math.round((bytes.length / deflateSync(bytes).length) * 1000) / 1000;
}

function json(body: TranscriptionJson | TranscriptionVerbose): Answer {
  return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}
