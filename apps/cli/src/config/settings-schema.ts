import { languageSchema, lineSchema, userIdSchema } from '@eloquence/shared/contracts/ids';
import { reportFormatSchema } from '@eloquence/shared/contracts/report';
import * as z from 'zod';

const httpUrlSchema = z
  .url({
    protocol: /^https?$/,
    error: 'il faut une adresse telle que http://127.0.0.1:8000 / must be an address such as http://127.0.0.1:8000',
  })
  .transform((url) => url.replace(/\/+$/, ''));
const keySchema = z.string().regex(/^[\x21-\x7e]*$/, 'ni espace ni accent / must have no spaces and no accents');
/** `default`, `none`, or a device of this machine. */
const sourceSchema = lineSchema.min(1).max(200);
const backendSchema = z.literal(
  'server',
  'seul « server » est possible : c’est le serveur qui choisit le modèle, par LLM_SUMMARISE et LLM_SYNTHESISE dans son .env / only "server" is possible: which model writes is the server\'s choice, set LLM_SUMMARISE and LLM_SYNTHESISE in its .env',
);

/** The configuration file: everything may be left out. Units are in the names. */
export const settingsSchema = z.strictObject({
  language: languageSchema.default('fr'),
  api: z.strictObject({ url: httpUrlSchema.default('http://127.0.0.1:8000'), key: keySchema.default('') }).prefault({}),
  person: z
    .strictObject({
      /** What the microphone's speaker is called. */
      name: lineSchema.trim().max(120).default(''),
      user_id: z.union([z.literal(''), userIdSchema]).default(''),
    })
    .prefault({}),
  meeting: z
    .strictObject({
      summary_interval_min: z.number().int().min(1).max(60).default(10),
      max_duration_min: z.number().int().min(1).max(720).default(240),
      include_full_transcript: z.boolean().default(true),
    })
    .prefault({}),
  llm: z
    .strictObject({ summarise: backendSchema.default('server'), synthesise: backendSchema.default('server') })
    .prefault({}),
  recording: z
    .strictObject({
      system_audio: sourceSchema.default('default'),
      microphone: sourceSchema.default('default'),
      silence_threshold: z.number().min(0).max(1).default(0),
      silent_after_s: z.number().int().min(5).max(3600).default(30),
      spool_max_mb: z.number().int().min(10).max(1_000_000).default(2000),
      micro_batch_s: z.number().min(1).max(60).default(10),
      checkpoint_interval_s: z.number().min(1).max(600).default(10),
    })
    .prefault({}),
  output: z
    .strictObject({
      directory: z.string().min(1).default('~/Eloquence'),
      formats: z.array(reportFormatSchema).min(1).default(['md', 'html', 'pdf']),
    })
    .prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;
