import * as z from 'zod';
import { AppError } from '@eloquence/shared/runtime/errors';

/** One field of a form, or one member of a query, as it came. */
export type Field = readonly [name: string, value: string];

type AnswerFormat = 'json' | 'text' | 'srt' | 'vtt' | 'verbose_json';

/** What a caller wants of a recording. */
export interface FileOptions {
  /** As given ("fr", "fr-FR"); undefined = the engine finds out. */
  readonly language: string | undefined;
  readonly keyterms: readonly string[];
  readonly format: AnswerFormat;
  readonly temperature: number;
  readonly words: boolean;
  readonly segments: boolean;
  readonly stream: boolean;
}

const MAX_PROMPT_CHARACTERS = 4_000;
const MAX_KEYWORDS = 100;

const languageSchema = z
  .string()
  .trim()
  .max(20)
  .transform((code) => (code === '' || code === 'auto' || code === 'multi' ? undefined : code));

const singlesSchema = z.strictObject({
  /** Any name: what listens is the operator's choice. */
  model: z.string().max(200).optional(),
  language: languageSchema.optional(),
  prompt: z.string().max(MAX_PROMPT_CHARACTERS).optional(),
  response_format: z
    .enum(['json', 'text', 'srt', 'vtt', 'verbose_json'], {
      error: ({ input }) =>
        input === 'diarized_json'
          ? 'who speaks is not told apart here: use json, text, srt, vtt or verbose_json'
          : undefined,
    })
    .default('json'),
  temperature: z.coerce.number().min(0).max(1).default(0),
  stream: z.stringbool().default(false),
  /** Speech is always looked for, and cut at pauses: both are accepted and change nothing. */
  chunking_strategy: z.string().max(500).optional(),
  vad_filter: z.string().max(20).optional(),
});

const listsSchema = z.strictObject({
  languages: z.array(languageSchema).default([]),
  keywords: z.array(z.string().trim().min(1).max(100)).max(MAX_KEYWORDS).default([]),
  timestamp_granularities: z.array(z.enum(['word', 'segment'])).default(['segment']),
  /** Accepted; log probabilities of tokens are the engine's own and are not passed on. */
  include: z.array(z.enum(['logprobs'])).default([]),
});

const SINGLES = new Set<string>(Object.keys(singlesSchema.shape));
const LISTS = new Set<string>(Object.keys(listsSchema.shape));
const DIARIZATION = new Set(['known_speaker_names', 'known_speaker_references']);

/** @throws AppError `invalid_request` naming every field that is unknown, given twice or not valid */
export function readFileOptions(fields: readonly Field[]): FileOptions {
  const { singles, lists, issues } = sortOut(fields);
  const single = singlesSchema.safeParse(singles);
  const list = listsSchema.safeParse(lists);
  for (const issue of [...(single.error?.issues ?? []), ...(list.error?.issues ?? [])])
    issues.push({ path: issue.path.join('.'), message: issue.message });
  if (issues.length > 0 || !single.success || !list.success) throw refuse(issues);
  const { response_format: format, temperature, stream, language, prompt } = single.data;
  if (stream && format !== 'json' && format !== 'text')
    throw refuse([
      { path: 'response_format', message: `cannot be ${format} with stream=true, which sends text events` },
    ]);
  const { languages, keywords, timestamp_granularities: granularities } = list.data;
  return {
    // Several mean "one of these": the engine finds out which.
    language: language ?? (languages.length === 1 ? languages[0] : undefined),
    keyterms: [...(prompt?.trim() ? [prompt.trim()] : []), ...keywords],
    format,
    temperature,
    words: granularities.includes('word'),
    segments: granularities.includes('segment'),
    stream,
  };
}

/** `name`, `name[]`, `name[0]` and `name[type]` are all ways in which clients write a member called `name`. */
function sortOut(fields: readonly Field[]) {
  const singles: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const issues: { path: string; message: string }[] = [];
  for (const [given, value] of fields) {
    const name = /^([a-z_]+)(?:\[\w*\])?$/.exec(given)?.[1] ?? given.slice(0, 100);
    if (LISTS.has(name)) (lists[name] ??= []).push(value);
    else if (name === 'chunking_strategy') singles[name] = value;
    else if (SINGLES.has(name)) {
      if (name in singles) issues.push({ path: name, message: 'is given twice' });
      singles[name] = value;
    } else if (DIARIZATION.has(name))
      issues.push({ path: name, message: 'is for telling speakers apart, which is not done here' });
    else
      issues.push({
        path: name,
        message: `is no field of a transcription; those are file, ${[...SINGLES, ...LISTS].join(', ')}`,
      });
  }
  return { singles, lists, issues };
}

function refuse(issues: readonly { path: string; message: string }[]): AppError {
  const list = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new AppError('invalid_request', `The request is not valid. ${list}`, { issues });
}
