const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
]);
/** OpenSSL's names of certificates that are not believed, and of a peer that does not speak TLS. */
const NO_TLS = /CERT|SIGNATURE|^ERR_(?:TLS|SSL)_|^EPROTO$/;
/** Libraries wrap errors a few times; more is a ring. */
const MAX_DEPTH = 8;

/**
 * Why there was no connection at all, from anywhere in the causes of an error: to be told apart from one that broke.
 *
 * @returns the system's short name, such as `ECONNREFUSED`; undefined where there was a connection, or nothing says so
 */
export function unreachableCode(error: unknown): string | undefined {
  let at = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof at === 'object' && at !== null; depth += 1) {
    const { code, cause, errors } = at as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === 'string' && (NO_CONNECTION.has(code) || NO_TLS.test(code))) return code;
    // A name with several addresses fails once for each.
    at = Array.isArray(errors) ? errors[0] : cause;
  }
  return undefined;
}
