import { ApiError } from './api-error.ts';
import { authHeaders, problemOf } from './client.ts';
import { parseEvent, parseInterim } from './schemas.ts';
import type { ShownEvent } from './schemas.ts';
import { createSseParser } from './sse-parser.ts';
import type { SseMessage } from './sse-parser.ts';

/** Waits between attempts to reopen the stream; the last one repeats. */
const REOPEN_AFTER_MS = [300, 1000, 2000, 4000] as const;
/** A stream silent for longer than this is dead: the server sends a heartbeat well within it. */
const SILENCE_MS = 45_000;
/** Answer to a reader that has everything of a session that ended. */
const NOTHING_MORE = 204;

interface FollowOptions {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ShownEvent) => void;
  readonly onInterim: (interim: { readonly speaker: string; readonly text: string }) => void;
  /** Nothing more will come: the session is over (`null`) or the server refuses for good (erased, wrong key). */
  readonly onOver: (refusal: ApiError | null) => void;
}

/**
 * Follows a session's events until `signal` aborts or `session.ended` came: reopens after every loss from the last id
 * it saw, so that nothing is missed. Resolves when there is nothing left to follow; never rejects.
 */
export async function followEvents(options: FollowOptions): Promise<void> {
  const position: { lastId: string | null; attempt: number; ended: boolean } = {
    lastId: null,
    attempt: 0,
    ended: false,
  };
  const onMessage = (message: SseMessage) => {
    position.attempt = 0;
    position.lastId = message.id ?? position.lastId;
    const data = parseJson(message.data);
    if (message.event === 'utterance.interim') {
      const interim = parseInterim(data);
      if (interim !== null) options.onInterim(interim);
      return;
    }
    const event = parseEvent(data);
    if (event === null) return;
    options.onEvent(event);
    if (event.type === 'session.ended') position.ended = true;
    if (event.type === 'session.resumed') position.ended = false;
  };

  while (!options.signal.aborted && !position.ended) {
    try {
      const more = await readOnce({ path: options.path, lastId: position.lastId, signal: options.signal, onMessage });
      if (!more) {
        options.onOver(null);
        return;
      }
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        options.onOver(error);
        return;
      }
    }
    if (position.ended) return;
    await pause(REOPEN_AFTER_MS[Math.min(position.attempt, REOPEN_AFTER_MS.length - 1)] ?? 4000, options.signal);
    position.attempt += 1;
  }
}

/** Reads one connection to its end; false when the server says that there is nothing more. */
async function readOnce(options: {
  path: string;
  lastId: string | null;
  signal: AbortSignal;
  onMessage: (message: SseMessage) => void;
}): Promise<boolean> {
  const silence = new AbortController();
  const headers: Record<string, string> = { ...authHeaders(), accept: 'text/event-stream' };
  if (options.lastId !== null) headers['last-event-id'] = options.lastId;
  let timer = window.setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(options.path, {
      headers,
      cache: 'no-store',
      signal: AbortSignal.any([options.signal, silence.signal]),
    });
    if (response.status === NOTHING_MORE) return false;
    if (!response.ok || response.body === null) throw await problemOf(response);
    const parser = createSseParser(options.onMessage);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => silence.abort(), SILENCE_MS);
      parser.push(piece.value);
    }
    return true;
  } finally {
    window.clearTimeout(timer);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Resolves after `delayMs`, or at once when `signal` aborts: the caller looks at the signal. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = window.setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}
