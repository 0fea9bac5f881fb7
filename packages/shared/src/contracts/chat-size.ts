/** What makes a request too large, whatever it says; `path` leads to it. */
export interface SizeFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const MOST_MESSAGES = 2000;
const MOST_PARTS = 256;
/** Of messages, their parts and their tool calls together: each is checked, and each that is wrong makes a line of complaint. */
const MOST_PIECES = 8000;
/** A JSON schema takes two levels for each of what it describes. Providers' SDKs walk a body by calling themselves. */
const MOST_DEPTH = 64;
const MOST_ENTRIES = 8000;
/** 128 large tools and a long conversation stay far below. */
const MOST_VALUES = 100_000;

/**
 * Looks at the size of a chat request before its content is checked, so that a body made to be slow costs no more than its
 * parsing.
 *
 * @param body of any type; what is no object or list is left to the schema
 */
export function sizeFaultOf(body: unknown): SizeFault | undefined {
  return messagesFault(body) ?? nestingFault(body);
}

function messagesFault(body: unknown): SizeFault | undefined {
  const messages = (body as { readonly messages?: unknown } | null | undefined)?.messages;
  if (!Array.isArray(messages)) return undefined;
  const path = ['messages'];
  if (messages.length > MOST_MESSAGES) return { path, message: `at most ${MOST_MESSAGES} messages` };
  let pieces = messages.length;
  for (const [index, message] of (messages as ({ content?: unknown; tool_calls?: unknown } | null)[]).entries()) {
    const parts = lengthOf(message?.content);
    const calls = lengthOf(message?.tool_calls);
    if (parts > MOST_PARTS) return { path: [...path, index, 'content'], message: `at most ${MOST_PARTS} parts` };
    if (calls > MOST_PARTS) return { path: [...path, index, 'tool_calls'], message: `at most ${MOST_PARTS} calls` };
    pieces += parts + calls;
  }
  if (pieces <= MOST_PIECES) return undefined;
  return { path, message: `at most ${MOST_PIECES} messages, parts and tool calls together` };
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

function nestingFault(body: unknown): SizeFault | undefined {
  let values = 0;
  const faultIn = (value: unknown, depth: number): string | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth > MOST_DEPTH) return `nested more than ${MOST_DEPTH} levels deep`;
    if (Array.isArray(value) && value.length > MOST_ENTRIES) return `at most ${MOST_ENTRIES} entries in a list`;
    const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
    values += inner.length;
    if (values > MOST_VALUES) return `at most ${MOST_VALUES} values`;
    for (const one of inner) {
      const fault = faultIn(one, depth + 1);
      if (fault) return fault;
    }
    return undefined;
  };
  if (typeof body !== 'object' || body === null) return undefined;
  for (const [name, value] of Object.entries(body)) {
    const message = faultIn(value, 2);
    if (message) return { path: [name], message };
  }
  return undefined;
}
