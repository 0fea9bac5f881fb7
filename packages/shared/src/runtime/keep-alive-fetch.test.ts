import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { keepAliveFetch } from './keep-alive-fetch.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a redirect is an error, and nobody is asked where it leads', async () => {
  let asked = 0;
  const inner = await serve((_request, response) => {
    asked += 1;
    response.end('secret');
  });
  const vendor = await serve((_request, response) => response.writeHead(302, { location: inner }).end());
  const send = keepAliveFetch();
  for (const input of [vendor, new Request(vendor), new Request(vendor, { method: 'POST', body: 'x' })])
    await expect(send(input)).rejects.toThrow('fetch failed');
  await expect(send(vendor, { redirect: 'follow' })).rejects.toThrow('fetch failed');
  expect(asked).toBe(0);
  expect(await (await send(inner)).text()).toBe('secret');
});
