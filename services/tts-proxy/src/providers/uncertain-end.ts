/**
 * Whether the end of a body is known by HTTP (RFC 9112 §6.3): by its length or by a last chunk. A body that lasts until the
 * connection closes looks whole wherever it was cut.
 *
 * @param header a header's value by its name in lower case
 */
export function endsForCertain(header: (name: string) => string | null | undefined): boolean {
  return header('content-length') != null || /\bchunked\b/i.test(header('transfer-encoding') ?? '');
}
