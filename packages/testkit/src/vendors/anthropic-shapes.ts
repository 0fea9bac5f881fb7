import * as z from 'zod';

/**
 * What Anthropic's messages API takes, as far as we use it. There is no published document to check against: these
 * shapes are written from the types of `@anthropic-ai/sdk` 1.12.0 (`resources/messages`), strictly, so that a member we
 * misspell is refused as the API would refuse it, and from the API's own refusals that types cannot say.
 */
const cacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() }).nullish();
const textBlock = z.strictObject({
  type: z.literal('text'),
  text: z.string().refine((text) => text.trim() !== '', 'text content blocks must be non-empty'),
  cache_control: cacheControl,
});
const callId = z.string().regex(/^[a-zA-Z0-9_-]+$/);
const toolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: callId,
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  input: z.record(z.string(), z.unknown()),
  cache_control: cacheControl,
});
const toolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: callId,
  content: z.union([z.string(), z.array(textBlock)]).optional(),
  is_error: z.boolean().optional(),
  cache_control: cacheControl,
});
const message = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string().min(1), z.array(z.discriminatedUnion('type', [textBlock, toolUse, toolResult])).min(1)]),
});
const tool = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  cache_control: cacheControl,
});
const single = { disable_parallel_tool_use: z.boolean().optional() };

export const anthropicRequestSchema = z.strictObject({
  model: z.string(),
  max_tokens: z.number().int().min(1),
  messages: z.array(message).min(1),
  stream: z.literal(true),
  system: z.union([z.string(), z.array(textBlock).min(1)]).optional(),
  tools: z.array(tool).min(1).optional(),
  tool_choice: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('auto'), ...single }),
      z.strictObject({ type: z.literal('any'), ...single }),
      z.strictObject({ type: z.literal('tool'), name: z.string(), ...single }),
      z.strictObject({ type: z.literal('none') }),
    ])
    .optional(),
  stop_sequences: z.array(z.string().refine((stop) => stop.trim() !== '', 'must contain non-whitespace')).optional(),
  output_config: z
    .strictObject({ format: z.strictObject({ type: z.literal('json_schema'), schema: z.looseObject({}) }) })
    .optional(),
  thinking: z.strictObject({ type: z.literal('disabled') }).optional(),
  // Gone from the types; models up to 4.6 still take them.
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
});
export type AnthropicRequest = z.infer<typeof anthropicRequestSchema>;
export type AnthropicBlock = z.infer<typeof textBlock> | z.infer<typeof toolUse> | z.infer<typeof toolResult>;

const MAX_BREAKPOINTS = 4;
const SAMPLING_MODELS = ['claude-haiku-4-5', 'claude-haiku-4-5-20251001', 'claude-sonnet-4-6'];

export const blocksOf = (content: AnthropicRequest['messages'][number]['content']): readonly AnthropicBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

/** What the API refuses in a request of the right shape. */
export function anthropicFaults(body: AnthropicRequest): string[] {
  const faults: string[] = [];
  const all = body.messages.flatMap(({ content }) => blocksOf(content));
  if (body.messages[0]?.role !== 'user') faults.push('messages: first message must use the "user" role');
  if (body.messages.some(({ role }, index) => role === body.messages[index - 1]?.role))
    faults.push('messages: roles must alternate');
  if (body.messages.at(-1)?.role !== 'user') faults.push('This model does not support assistant message prefill');
  if (all.some(({ type }) => type !== 'text') && !body.tools)
    faults.push('Requests which include `tool_use` or `tool_result` blocks must define tools.');
  if (body.tool_choice && !body.tools) faults.push('tool_choice may only be specified while providing tools');
  const marked = [...(body.tools ?? []), ...(Array.isArray(body.system) ? body.system : []), ...all];
  if (marked.filter((block) => block.cache_control).length > MAX_BREAKPOINTS)
    faults.push('A maximum of 4 blocks with cache_control may be provided.');
  const sampled = body.temperature !== undefined || body.top_p !== undefined;
  if (sampled && !SAMPLING_MODELS.includes(body.model)) faults.push('`temperature` is deprecated for this model.');
  if (body.temperature !== undefined && body.top_p !== undefined)
    faults.push('`temperature` and `top_p` cannot both be specified for this model.');
  return [...faults, ...resultFaults(body)];
}

/** Every call must be answered in the next message, and nothing else may be. */
function resultFaults({ messages }: AnthropicRequest): string[] {
  return messages.flatMap((_message, index) => {
    const blocks = blocksOf(messages[index]?.content ?? '');
    const next = blocksOf(messages[index + 1]?.content ?? '');
    const before = blocksOf(messages[index - 1]?.content ?? '');
    const calls = blocks.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const answered = next.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
    const results = blocks.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
    const called = before.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    return [
      ...calls.filter((id) => !answered.includes(id)).map((id) => `tool_use ids were found without tool_result: ${id}`),
      ...results.filter((id) => !called.includes(id)).map((id) => `unexpected tool_use_id in tool_result: ${id}`),
    ];
  });
}
