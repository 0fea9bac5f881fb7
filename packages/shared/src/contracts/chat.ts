import * as z from 'zod';
import { sizeFaultOf } from './chat-size.ts';
import { lineSchema } from './ids.ts';

/** What a model is asked for. As a model name, each means the models configured for it. */
export const llmPurposeSchema = z.enum(['talk', 'summarise', 'synthesise', 'judge']);
export type LlmPurpose = z.infer<typeof llmPurposeSchema>;

/** Header naming the session a request belongs to: its quota, and whose bill. */
export const SESSION_HEADER = 'x-session-id';

/**
 * OpenAI chat completions, as `POST /v1/chat/completions` takes and gives it. Unknown members are passed over, because
 * stock clients send more than we use; members are strict where a wrong type would fail later and less clearly.
 */
const textPartSchema = z.looseObject({ type: z.literal('text'), text: z.string() });
const contentSchema = z.union([z.string(), z.array(textPartSchema)], {
  error: 'text, or parts of type text; images and sound are not supported',
});
export const toolCallSchema = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
export const chatMessageSchema = z.discriminatedUnion(
  'role',
  [
    z.looseObject({ role: z.literal('system'), content: contentSchema }),
    z.looseObject({ role: z.literal('developer'), content: contentSchema }),
    z.looseObject({ role: z.literal('user'), content: contentSchema }),
    z.looseObject({
      role: z.literal('assistant'),
      content: contentSchema.nullish(),
      tool_calls: z.array(toolCallSchema).optional(),
    }),
    z.looseObject({ role: z.literal('tool'), content: contentSchema, tool_call_id: z.string() }),
  ],
  { error: 'a message with role system, developer, user, assistant or tool' },
);
export type ChatMessage = z.infer<typeof chatMessageSchema>;

export const chatToolSchema = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().max(64),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
});

const requestSchema = z.looseObject({
  /** A purpose (`talk` is the default), `provider/model`, or a model name of the first provider. */
  model: lineSchema.max(200).default('talk'),
  messages: z.array(chatMessageSchema).min(1).max(2000),
  n: z.literal(1, 'one answer per request is given: leave n away or send 1').nullish(),
  stream: z.boolean().default(false),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.number().int().positive().max(32_768).nullish(),
  max_completion_tokens: z.number().int().positive().max(32_768).nullish(),
  tools: z.array(chatToolSchema).max(128).optional(),
  tool_choice: z
    .union(
      [
        z.enum(['auto', 'none', 'required']),
        z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
      ],
      { error: 'auto, none, required, or {"type":"function","function":{"name":...}}' },
    )
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: z
    .discriminatedUnion(
      'type',
      [
        z.looseObject({ type: z.literal('text') }),
        z.looseObject({ type: z.literal('json_object') }),
        z.looseObject({
          type: z.literal('json_schema'),
          json_schema: z.looseObject({
            name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64'),
            schema: z.record(z.string(), z.unknown()).optional(),
            strict: z.boolean().nullish(),
          }),
        }),
      ],
      { error: 'type text, json_object or json_schema' },
    )
    .optional(),
  stop: z.union([z.string(), z.array(z.string()).max(4)], { error: 'a text, or at most 4 texts' }).nullish(),
});
export const chatRequestSchema = z.preprocess((body, context) => {
  const fault = sizeFaultOf(body);
  if (!fault) return body;
  context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
  return z.NEVER;
}, requestSchema);
export type ChatRequest = z.infer<typeof chatRequestSchema>;

export const chatUsageSchema = z.object({
  prompt_tokens: z.number().int().nonnegative(),
  completion_tokens: z.number().int().nonnegative(),
  total_tokens: z.number().int().nonnegative(),
  /** Part of `prompt_tokens` that the provider had kept from an earlier request. */
  prompt_tokens_details: z.object({ cached_tokens: z.number().int().nonnegative() }).optional(),
});
export type ChatUsage = z.infer<typeof chatUsageSchema>;

export const finishReasonSchema = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);

export const chatCompletionSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.number().int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.number().int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        tool_calls: z.array(toolCallSchema).optional(),
      }),
      finish_reason: finishReasonSchema,
    }),
  ),
  usage: chatUsageSchema,
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

export const chatChunkSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.number().int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.number().int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().nullish(),
        tool_calls: z
          .array(
            z.object({
              index: z.number().int(),
              id: z.string().optional(),
              type: z.literal('function').optional(),
              function: z.object({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
            }),
          )
          .optional(),
      }),
      finish_reason: finishReasonSchema.nullable(),
    }),
  ),
  usage: chatUsageSchema.nullish(),
});
export type ChatChunk = z.infer<typeof chatChunkSchema>;

export const modelSchema = z.looseObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
});
export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) });
