import { createReadStream, type PathLike } from 'node:fs';
import type * as http from 'node:http';
import type * as https from 'node:https';

/** A file is read while it is sent. */
export type CallBody = string | Uint8Array | { readonly path: PathLike; readonly bytes: number };

export interface Exchange {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: CallBody | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A connection that gives nothing for so long is dead, ms: streams of events beat more often. */
const IDLE_MS = 300_000;

/**
 * One request; the answer's body is the caller's to read. Not `fetch`, which costs a recording 9 MB of memory: it brings TLS, WebSocket and
 * WebAssembly to talk to a server on the same machine. For that reason the modules are taken when they are needed too: an import
 * of `node:http` reads all its names, and some of them are `fetch` in disguise.
 *
 * @throws the signal's reason; whatever the connection failed with
 */
export async function exchange(options: Exchange): Promise<http.IncomingMessage> {
  const { signal } = options;
  signal?.throwIfAborted();
  try {
    return await attempt(options);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // The server closed a connection that had been kept open at the moment it was used again.
    if (error instanceof StaleConnection) return attempt(options);
    throw error;
  }
}

class StaleConnection extends Error {}

function attempt({ url, method, headers, body, signal }: Exchange): Promise<http.IncomingMessage> {
  const isFile = typeof body === 'object' && 'path' in body;
  const length = body === undefined ? undefined : isFile ? body.bytes : Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const request = moduleFor(url).request(url, {
      method,
      headers: { ...headers, ...(length !== undefined && { 'content-length': length }) },
      timeout: IDLE_MS,
      ...(signal && { signal }),
    });
    request.once('response', resolve);
    // Stays after the answer: a server may answer and hang up before it has taken a whole recording.
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && error.code === 'ECONNRESET' && !isFile;
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.once('timeout', () => request.destroy(new Error(`nothing came for ${IDLE_MS} ms`)));
    if (!isFile) return void request.end(body);
    const file = createReadStream(body.path);
    file.once('error', (error) => request.destroy(error));
    request.once('close', () => file.destroy());
    file.pipe(request);
  });
}

function moduleFor(url: string): typeof http | typeof https {
  return process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
}
