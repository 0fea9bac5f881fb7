import * as z from 'zod';
import { baseLanguage, languageCode } from './language-codes.ts';
import type { HeardParts } from './transcription.ts';
import type { VendorSettings } from './vendor-refusal.ts';
import { MAX_PROMPT_CHARACTERS } from './whisper-engine.ts';

/** What is asked for, in no vendor's words. */
interface RestAsk {
  readonly model: string;
  readonly language: string | undefined;
  readonly keyterms: readonly string[];
  readonly temperature: number;
}

/** One way to ask and to read the answer; a server that refuses it is asked in the next one. */
export interface RestShape {
  /** Form fields besides the file; a name may come more than once. */
  readonly fields: (ask: RestAsk) => readonly (readonly [name: string, value: string])[];
  /** undefined when the answer has another shape. */
  readonly read: (body: unknown) => HeardParts | undefined;
}

/** What sets one OpenAI-shaped server apart from another. */
export interface RestDialect extends VendorSettings {
  readonly name: string;
  /** Best first. */
  readonly shapes: (model: string) => readonly RestShape[];
}

const number = z.number().nullish();
const wordsSchema = z.array(
  z.looseObject({ word: z.string(), start: z.number(), end: z.number(), probability: number }),
);
const segmentsSchema = z.array(
  z.looseObject({
    start: z.number(),
    end: z.number(),
    text: z.string(),
    avg_logprob: number,
    compression_ratio: number,
    no_speech_prob: number,
  }),
);
/** Only the text is certain: vLLM leaves out words, faster-whisper servers send null, some put words in the segments. */
const verboseSchema = z.looseObject({
  text: z.string(),
  language: z.string().nullish(),
  words: wordsSchema.nullish().catch(undefined),
  segments: segmentsSchema.nullish().catch(undefined),
});
const plainSchema = z.looseObject({
  text: z.string(),
  language: z.string().nullish(),
  languages: z
    .array(z.looseObject({ language: z.string().optional(), code: z.string().optional() }))
    .nullish()
    .catch(undefined),
  logprobs: z
    .array(z.looseObject({ logprob: z.number() }))
    .nullish()
    .catch(undefined),
});

const common = ({ model, language, temperature }: RestAsk): [string, string][] => [
  ['model', model],
  ...(language ? [['language', baseLanguage(language) ?? language] as [string, string]] : []),
  ...(temperature > 0 ? [['temperature', String(temperature)] as [string, string]] : []),
];

const prompt = ({ keyterms }: RestAsk): [string, string][] =>
  keyterms.length > 0 ? [['prompt', keyterms.join(', ').slice(0, MAX_PROMPT_CHARACTERS)]] : [];

const verbose: RestShape = {
  fields: (ask) => [
    ...common(ask),
    ...prompt(ask),
    ['response_format', 'verbose_json'],
    ['timestamp_granularities[]', 'word'],
    ['timestamp_granularities[]', 'segment'],
  ],
  read: (body) => {
    const answer = verboseSchema.safeParse(body).data;
    return answer && { ...answer, language: languageCode(answer.language) };
  },
};

function readPlain(body: unknown): HeardParts | undefined {
  const answer = plainSchema.safeParse(body).data;
  if (!answer) return undefined;
  const { text, logprobs, languages } = answer;
  const language = languageCode(answer.language ?? languages?.[0]?.code ?? languages?.[0]?.language);
  if (!logprobs?.length) return { text, language };
  // One segment over all of it: times are unknown, certainty is not.
  const avgLogprob = logprobs.reduce((sum, { logprob }) => sum + logprob, 0) / logprobs.length;
  return { text, language, segments: [{ start: 0, end: Infinity, text, avg_logprob: avgLogprob }] };
}

const plain: RestShape = {
  fields: (ask) => [...common(ask), ...prompt(ask), ['response_format', 'json']],
  read: readPlain,
};

/** OpenAI's models after whisper-1 answer `json` only, with the tokens' certainty on request. */
const withLogprobs: RestShape = {
  fields: (ask) => [...plain.fields(ask), ['include[]', 'logprobs']],
  read: readPlain,
};

/** The gpt-transcribe family takes keywords as what they are. */
const withKeywords: RestShape = {
  fields: (ask) => [
    ...common(ask),
    ...ask.keyterms.map((term) => ['keywords[]', term] as const),
    ['response_format', 'json'],
  ],
  read: readPlain,
};

function openaiShapes(model: string): readonly RestShape[] {
  if (model.startsWith('gpt-transcribe')) return [withKeywords, plain];
  if (model.startsWith('gpt-') && !model.includes('diarize')) return [withLogprobs, plain];
  return model.startsWith('gpt-') ? [plain] : [verbose, plain];
}

/** Mistral's limit. */
const MAX_CONTEXT_BIAS = 100;
const mistralSchema = z.looseObject({
  text: z.string(),
  language: z.string().nullish(),
  segments: z
    .array(z.looseObject({ text: z.string(), start: z.number(), end: z.number(), score: number }))
    .nullish()
    .catch(undefined),
});

/**
 * Mistral refuses timestamps together with a language. A known language makes the text better, so words come only
 * when it is unknown. Asked for word by word, its segments are words.
 */
const voxtral: RestShape = {
  fields: (ask) => [
    ...common(ask),
    ...(ask.language ? [] : [['timestamp_granularities', 'word'] as const]),
    ...ask.keyterms
      // One entry may hold neither comma nor blank; underscores join the words of one term.
      .map((term) => term.trim().replaceAll(/[,\s]+/g, '_'))
      .filter(Boolean)
      .slice(0, MAX_CONTEXT_BIAS)
      .map((term) => ['context_bias', term] as const),
  ],
  read: (body) => {
    const answer = mistralSchema.safeParse(body).data;
    if (!answer) return undefined;
    const words = answer.segments?.map(({ text, start, end, score }) => ({
      word: text.trim(),
      start,
      end,
      probability: typeof score === 'number' && score >= 0 && score <= 1 ? score : null,
    }));
    return { text: answer.text, language: languageCode(answer.language), words };
  },
};

export const dialects = {
  openai: {
    name: 'openai',
    who: 'OpenAI',
    keySetting: 'OPENAI_API_KEY',
    urlSetting: 'OPENAI_BASE_URL',
    modelSetting: 'OPENAI_STT_MODEL',
    shapes: openaiShapes,
  },
  groq: {
    name: 'groq',
    who: 'Groq',
    keySetting: 'GROQ_API_KEY',
    urlSetting: 'GROQ_BASE_URL',
    modelSetting: 'GROQ_STT_MODEL',
    shapes: () => [verbose, plain],
  },
  mistral: {
    name: 'mistral',
    who: 'Mistral',
    keySetting: 'MISTRAL_API_KEY',
    urlSetting: 'MISTRAL_BASE_URL',
    modelSetting: 'MISTRAL_STT_MODEL',
    shapes: () => [voxtral],
  },
  rest: {
    name: 'rest',
    who: 'The engine at STT_REST_URL',
    keySetting: 'STT_REST_API_KEY',
    urlSetting: 'STT_REST_URL',
    modelSetting: 'STT_REST_MODEL',
    shapes: () => [verbose, plain],
  },
} as const satisfies Record<string, RestDialect>;
