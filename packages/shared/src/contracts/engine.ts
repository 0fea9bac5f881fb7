import * as z from 'zod';

/**
 * What a service runs on: a model, a voice, a brain. `demo` marks a stand-in, which every surface must call one.
 * `label` is what a person reads, `label_fr` the same in French. `languages` is what it understands or speaks, as codes such as
 * `fr`; absent means any. `examples` are sentences a person may say to a stand-in that does not understand free speech.
 * `fault` is there while an engine that was set up cannot be used: which, why, and what to do about it, for whoever runs the machine.
 */
export const engineSchema = z.object({
  id: z.string(),
  label: z.string(),
  label_fr: z.string(),
  demo: z.boolean(),
  languages: z.array(z.string()).min(1).optional(),
  examples: z.object({ fr: z.array(z.string()).optional(), en: z.array(z.string()).optional() }).optional(),
  fault: z.string().optional(),
});
export type Engine = z.infer<typeof engineSchema>;

export const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
  engine: engineSchema.optional(),
});
export type Readiness = z.infer<typeof readinessSchema>;

export const healthSchema = z.object({ status: z.literal('ok') });

/** `GET /api/engines`: what the page shows about who listens, thinks and speaks. */
export const enginesSchema = z.object({
  stt: engineSchema.nullable(),
  llm: engineSchema.nullable(),
  tts: engineSchema.nullable(),
});
export type Engines = z.infer<typeof enginesSchema>;
