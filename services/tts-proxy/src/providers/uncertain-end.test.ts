import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { serveTts } from '../test-server.ts';
import { createProviders } from './create-providers.ts';

const SOUND = Buffer.from(Int16Array.from({ length: 4_800 }, (_, at) => 8_000 * Math.sin(at / 8)).buffer);

/** A vendor that answers every request with these bytes and then closes. */
async function answerWith(head: string, body: Buffer) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\nconnection: close\r\n${head}\r\n`);
      socket.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const chunk = Buffer.concat([Buffer.from(`${SOUND.length.toString(16)}\r\n`), SOUND, Buffer.from('\r\n0\r\n\r\n')]);
const bodies = [
  ['a length', `content-length: ${SOUND.length}\r\n`, SOUND, true],
  ['a last chunk', 'transfer-encoding: chunked\r\n', chunk, true],
  ['the end of the connection, which a cut looks like', '', SOUND, false],
] as const;
const settings = {
  openai: (url: string) => ({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${url}/v1` }),
  rest: (url: string) => ({ TTS_REST_URL: url, TTS_REST_MODEL: 'any' }),
};

const cases = (['openai', 'rest'] as const).flatMap((id) =>
  bodies.map(([what, head, body, kept]) => ({ id, what, kept, head, body })),
);

test.each(cases)('$id: a sound that ends with $what is heard; kept: $kept', async ({ id, kept, head, body }) => {
  const { server, url } = await answerWith(head, body);
  const config = readConfig({
    INTERNAL_API_KEY: 'internal-key-of-the-test',
    PATH: '',
    TTS_PROVIDERS: id,
    ...settings[id](url),
  });
  const [provider] = createProviders(config.providers);
  if (!provider) throw new Error('no provider');
  await using tts = await serveTts({ providers: [provider] });
  const ask = () => tts.speak({ input: 'Bonjour.', cache: 'public' });
  const first = await ask();
  expect((await first.arrayBuffer()).byteLength).toBeGreaterThan(4_800);
  const second = await ask();
  expect((await second.arrayBuffer()).byteLength).toBeGreaterThan(4_800);
  expect([first, second].map(({ headers }) => headers.get('x-eloquence-cache'))).toEqual([
    'miss',
    kept ? 'hit' : 'miss',
  ]);
  server.close();
});
