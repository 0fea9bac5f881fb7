/** One entry of a stream as Redis gives it: id and fields, or null where it is known but its content is gone. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
}

function isEntry(value: unknown): value is [string, string[] | null] {
  return Array.isArray(value) && typeof value[0] === 'string' && (value[1] === null || Array.isArray(value[1]));
}

/** Entries of a part of a reply (XRANGE, XREADGROUP's inner list, XAUTOCLAIM's second member). */
export function toEntries(reply: unknown): StreamEntry[] {
  if (!Array.isArray(reply)) return [];
  return reply.filter(isEntry).map(([id, fields]) => ({ id, fields: fields ?? [] }));
}

/** The raw content of an entry, for a person to look at: the event's text, or all fields when there is none. */
export function rawOf({ fields }: StreamEntry): string {
  const at = fields.indexOf('event');
  const raw = at >= 0 && at % 2 === 0 ? (fields[at + 1] ?? '') : JSON.stringify(fields);
  // Postgres' text holds everything but this character.
  return raw.replaceAll('\u0000', '\uFFFD');
}
