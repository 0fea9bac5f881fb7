import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below the range systems take local ports of outgoing connections from (Linux 32768, others 49152): a client that keeps
 * reconnecting to a killed server inside that range can connect to itself and keep the server from coming back.
 */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;
const given = new Set<number>();

/** A loopback port free for TCP and UDP, never given twice by one process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`No free port between ${FIRST_PORT} and ${FIRST_PORT + PORT_COUNT}.`);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  const udp = new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
  return (await tcp) && (await udp);
}
