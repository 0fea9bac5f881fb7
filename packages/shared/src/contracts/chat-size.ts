/** What makes a request too large, whatever it says; `path` leads to it. */
interface SizeFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const MOST_PARTS = 256;
/** Of messages, their parts and their tool calls together: each is checked, and each that is wrong makes a line of complaint. */
const MOST_PIECES = 8000;
/** A JSON schema takes two levels for each of what it describes. Whoever writes a body again walks it by calling himself. */
const MOST_DEPTH = 64;
/** 128 large tools and a long conversation stay far below. */
const MOST_VALUES = 100_000;

/**
 * Looks at the size of a chat request before its content is checked, so that a body made to be slow costs no more than its
 * parsing.
 *
 * @param body of any type; what is no object is left to the schema
 */
export function sizeFaultOf(body: unknown): SizeFault | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  return messagesFault(body) ?? nestingFault(body);
}

function messagesFault({ messages }: { readonly messages?: unknown }): SizeFault | undefined {
  if (!Array.isArray(messages)) return undefined;
  let pieces = 0;
  for (const [index, message] of (messages as ({ content?: unknown; tool_calls?: unknown } | null)[]).entries()) {
    const parts = lengthOf(message?.content);
    if (parts > MOST_PARTS) return { path: ['messages', index, 'content'], message: `at most ${MOST_PARTS} parts` };
    pieces += 1 + parts + lengthOf(message?.tool_calls);
    if (pieces > MOST_PIECES)
      return { path: ['messages'], message: `at most ${MOST_PIECES} messages, parts and tool calls together` };
  }
  return undefined;
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

function nestingFault(body: object): SizeFault | undefined {
  let values = 0;
  const faultIn = (value: unknown, depth: number): string | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth > MOST_DEPTH) return `nested more than ${MOST_DEPTH} levels deep`;
    const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
    values += inner.length;
    if (values > MOST_VALUES) return `at most ${MOST_VALUES} values`;
    for (const one of inner) {
      const fault = faultIn(one, depth + 1);
      if (fault) return fault;
    }
    return undefined;
  };
  for (const [name, value] of Object.entries(body)) {
    const message = faultIn(value, 2);
    if (message) return { path: [name], message };
  }
  return undefined;
}
