import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a LiveKit client in the page connects to: the socket, and the same address over HTTP to learn why a join failed. */
function livekitSources(publicUrl: string): string {
  const { host, protocol } = new URL(publicUrl);
  return protocol === 'wss:' ? `wss://${host} https://${host}` : `ws://${host} http://${host}`;
}

/** The page's content security policy: own scripts only; `blob:` just for the workers and media elements LiveKit makes. */
function pagePolicy(livekitPublicUrl: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "manifest-src 'self'",
    `connect-src 'self' ${livekitSources(livekitPublicUrl)}`,
    "worker-src 'self' blob:",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Swagger UI sets styles inline. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** An `onRequest` hook that sets the security headers of every answer. */
export function securityHeaders(livekitPublicUrl: string) {
  const page = pagePolicy(livekitPublicUrl);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers({
      'content-security-policy': request.url.startsWith('/docs') ? docsPolicy : page,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'permissions-policy': 'microphone=(self), camera=(), geolocation=(), payment=()',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (/^\/(api|internal)\//.test(request.routeOptions.url ?? request.url)) reply.header('cache-control', 'no-store');
  };
}
