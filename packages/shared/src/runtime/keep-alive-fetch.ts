import { Agent, fetch as undiciFetch, type RequestInit as UndiciRequestInit } from 'undici';

/** A turn of a conversation comes every few seconds; the built-in fetch closes connections after 4 s without use. */
const KEEP_ALIVE_MS = 60_000;

/**
 * A `fetch` for vendors' libraries that keeps connections open between the turns of a conversation, which saves each turn a
 * TCP and a TLS handshake. HTTP/1.1 only: there an abort closes the connection, so the vendor stops working at once. A redirect
 * is an error: no vendor's API has one, and it could lead to where only we can go.
 */
export function keepAliveFetch(): typeof fetch {
  const dispatcher = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false });
  return async (input, init) => {
    const options =
      input instanceof Request
        ? {
            method: input.method,
            headers: [...input.headers],
            // A clone of a request stops hearing its caller once the garbage collector has been there.
            signal: init?.signal ?? input.signal,
            ...(input.body && { body: await input.text() }),
          }
        : init;
    const url = input instanceof Request ? input.url : input;
    // Two copies of the same standard types: Node's and undici's.
    return undiciFetch(url, { ...options, redirect: 'error', dispatcher } as UndiciRequestInit);
  };
}
