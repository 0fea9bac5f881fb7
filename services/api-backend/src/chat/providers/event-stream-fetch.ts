import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { Agent, request as send } from 'undici';

/** A turn of a conversation comes every few seconds. */
const KEEP_ALIVE_MS = 60_000;
/** The last event of OpenAI's and Mistral's streams, at the beginning of a line: inside JSON a line cannot begin. */
const LAST_EVENT = /[\r\n]data: ?\[DONE\]/;
/** One character less than the longest form of the last event. */
const TAIL_CHARS = 13;
/** Libraries keep an event until it ends; a list of models, or why there is no answer, is one piece too. */
const MAX_EVENT_BYTES = 4 * 1_048_576;
const EVENT_ENDS = ['\n\n', '\r\n\r\n', '\r\r'];
/** How long a server may take from its last event to the end of the body. */
const DRAIN_MS = 1_000;

/**
 * A `fetch` for vendors' libraries, for JSON out and JSON or an event stream back, that keeps connections open.
 *
 * The libraries stop reading at `data: [DONE]`. What they do then (cancel the body, abort the request) closes the
 * connection, so that every turn of a conversation would pay a TCP and a TLS handshake: here the end of the body is read
 * behind their back. Before the last event an abort closes it, because HTTP/1.1 is all it speaks. It asks for no
 * compression, follows no redirect, and goes without most of what the standard asks of `fetch`, which costs half of the time
 * that a proxy adds. An event of more than 4 MiB ends the answer with an `upstream_failed`.
 *
 * A library that clones its `Request` (Mistral's) needs its caller's signal given in `init` too: the garbage collector may
 * take what lies between a signal and its clone, and an abort would then reach nobody.
 */
export function eventStreamFetch(): typeof fetch {
  const dispatcher = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false });
  return async (input, init) => {
    const asked = input instanceof Request ? input : undefined;
    const abort = new ChildAbort(init?.signal ?? asked?.signal);
    const body = asked?.body ? await asked.text() : (init?.body as string | null | undefined);
    const answer = await send(input instanceof Request ? input.url : input, {
      dispatcher,
      method: asked?.method ?? init?.method ?? 'GET',
      headers: Object.fromEntries(new Headers(asked?.headers ?? init?.headers)),
      signal: abort.signal,
      ...(body && { body }),
    });
    const stream = untilLastEvent(answer.body[Symbol.asyncIterator](), {
      abort,
      // Why there is no answer is one piece, whatever lines it has.
      hasEvents: answer.statusCode < 300,
      onDone: () => done.add(response),
    });
    const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const isEmpty = answer.statusCode === 204 || answer.statusCode === 304;
    const response = new Response(isEmpty ? null : stream, { status: answer.statusCode, headers });
    return response;
  };
}

const done = new WeakSet<Response>();

/** Whether a response of {@link eventStreamFetch} has come to its `[DONE]`: an answer cut short has not. */
export function isDone(response: Response): boolean {
  return done.has(response);
}

type Reader = AsyncIterator<Uint8Array>;

interface Reading {
  readonly abort: ChildAbort;
  readonly hasEvents: boolean;
  readonly onDone: () => void;
}

function untilLastEvent(reader: Reader, { abort, hasEvents, onDone }: Reading): ReadableStream<Uint8Array> {
  let tail = '\n';
  let isOver = false;
  let eventBytes = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done: isEnd, value } = await reader.next();
        if (isEnd) {
          isOver = true;
          abort[Symbol.dispose]();
          controller.close();
          return;
        }
        const text = tail + Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
        const lastEnd = hasEvents ? Math.max(...EVENT_ENDS.map((end) => text.lastIndexOf(end))) : -1;
        eventBytes = lastEnd < 0 ? eventBytes + value.byteLength : text.length - lastEnd;
        if (eventBytes > MAX_EVENT_BYTES) {
          isOver = true;
          const error = new AppError('upstream_failed', 'The model sent an event that does not end.');
          abort.abort(error);
          throw error;
        }
        controller.enqueue(value);
        tail = text.slice(-TAIL_CHARS);
        if (!LAST_EVENT.test(text)) return;
        isOver = true;
        onDone();
        // The library's abort no longer reaches the connection.
        abort[Symbol.dispose]();
        controller.close();
        void drain(reader, abort);
      },
      cancel() {
        if (!isOver) abort.abort(new DOMException('the answer is not wanted any more', 'AbortError'));
      },
    },
    { highWaterMark: 0 },
  );
}

async function drain(reader: Reader, abort: ChildAbort): Promise<void> {
  const timer = setTimeout(() => abort.abort(), DRAIN_MS);
  timer.unref();
  try {
    let isOpen = true;
    while (isOpen) isOpen = !(await reader.next()).done;
  } catch {
    // The answer was complete; the connection is not kept.
  } finally {
    clearTimeout(timer);
  }
}
