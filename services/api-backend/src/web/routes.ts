import { stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';

/** Where an unknown path is an error and not a view of the page. */
const API_PREFIXES = /^\/(api|v1|internal|docs|metrics|health|ready)(\/|$)/;
/** Files whose name holds a hash of their content never change. */
const HASHED = /^assets\//;
const YEAR_S = 31_536_000;

/**
 * The web client, from `webRoot`: files as they are, `index.html` for every other path, because the page has its own
 * routes. Looked up per request, so building the page needs no restart.
 */
export async function registerWebRoutes(app: Service, { webRoot }: { readonly webRoot: string }): Promise<void> {
  await app.register(fastifyStatic, {
    root: webRoot,
    serve: false,
    logLevel: 'error',
    cacheControl: false,
    dotfiles: 'deny',
    preCompressed: false,
  });
  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    if (API_PREFIXES.test(path)) return reply.callNotFound();
    const wanted = (request.params as { '*': string })['*'];
    const file = await fileAt(webRoot, wanted);
    if (file !== undefined) {
      reply.header('cache-control', HASHED.test(file) ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
      return reply.sendFile(file);
    }
    if (/\.[a-z0-9]+$/i.test(wanted)) throw new AppError('not_found', `There is no file ${path}.`);
    if ((await fileAt(webRoot, 'index.html')) === undefined) {
      reply.header('cache-control', 'no-store');
      return reply.type('text/plain; charset=utf-8').send(notBuilt(webRoot));
    }
    reply.header('cache-control', 'no-cache');
    return reply.sendFile('index.html');
  });
}

/** The path below the root when it names a file there; undefined for anything else, above all for what lies outside. */
async function fileAt(webRoot: string, wanted: string): Promise<string | undefined> {
  const path = normalize(wanted);
  if (path.includes('\0') || path.startsWith('..') || path.split(sep).some((part) => part.startsWith('.')))
    return undefined;
  const found = await stat(join(webRoot, path)).catch(() => undefined);
  return found?.isFile() ? path : undefined;
}

function notBuilt(webRoot: string): string {
  return (
    `La page web n'est pas encore construite. Lancez « npm run build:web » à la racine du dépôt, puis rechargez.\n` +
    `The web page has not been built yet. Run "npm run build:web" at the root of the repository, then reload.\n\n` +
    `(WEB_ROOT: ${webRoot})\nAPI: /docs\n`
  );
}
