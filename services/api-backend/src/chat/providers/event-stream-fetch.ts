import { ChildAbort } from '@eloquence/shared/runtime/abort';
import { keepAliveFetch } from '@eloquence/shared/runtime/keep-alive-fetch';

/** The last event of OpenAI's and Mistral's streams, at the beginning of a line: inside JSON a line cannot begin. */
const LAST_EVENT = /[\r\n]data: ?\[DONE\]/;
/** One character less than the longest form of the last event. */
const TAIL_CHARS = 13;
/** How long a server may take from its last event to the end of the body. */
const DRAIN_MS = 1_000;

/**
 * A keep-alive `fetch` for vendors' libraries that stop reading at `data: [DONE]`. What they do then (cancel the body,
 * abort the request) closes the connection, so that every turn of a conversation would pay a TCP and a TLS handshake. Here
 * the end of the body is read behind their back, and the connection stays open. Before the last event an abort closes it.
 */
export function eventStreamFetch(): typeof fetch {
  const send = keepAliveFetch();
  return async (input, init) => {
    const isRequest = input instanceof Request;
    const abort = new ChildAbort(init?.signal ?? (isRequest ? input.signal : undefined));
    const { signal } = abort;
    const response = await (isRequest ? send(new Request(input, { signal })) : send(input, { ...init, signal }));
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
    const { status, statusText, headers } = response;
    const body = untilLastEvent(response.body.getReader(), abort, () => done.add(wrapped));
    const wrapped = new Response(body, { status, statusText, headers });
    return wrapped;
  };
}

const done = new WeakSet<Response>();

/** Whether a response of {@link eventStreamFetch} has come to its `[DONE]`: an answer cut short has not. */
export function isDone(response: Response): boolean {
  return done.has(response);
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

function untilLastEvent(reader: Reader, abort: ChildAbort, onDone: () => void): ReadableStream<Uint8Array> {
  let tail = '\n';
  let isOver = false;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done: isEnd, value } = await reader.read();
        if (isEnd) {
          isOver = true;
          abort[Symbol.dispose]();
          controller.close();
          return;
        }
        controller.enqueue(value);
        const text = tail + Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
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
    while (isOpen) isOpen = !(await reader.read()).done;
  } catch {
    // The answer was complete; the connection is not kept.
  } finally {
    clearTimeout(timer);
  }
}
