import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';
import { findProgram } from '@eloquence/testkit/processes';

const run = promisify(execFile);

/** TLS in front of a server that has none, as a reverse proxy in production; with a certificate made for the occasion. */
export class TlsFront implements AsyncDisposable {
  /** `https://127.0.0.1:…` */
  readonly url: string;
  /** For clients to trust. */
  readonly certificate: string;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  private constructor(server: Server, certificate: string, sockets: ReadonlySet<Socket>) {
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.certificate = certificate;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @throws MissingProgramError when openssl is not installed */
  static async start(target: string): Promise<TlsFront> {
    const { key, cert } = await makeCertificate();
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const server = createServer({ key, cert }, (socket) => {
      const inner = connect(Number(port), hostname);
      for (const end of [socket, inner]) {
        sockets.add(end);
        end.on('close', () => sockets.delete(end));
      }
      socket.on('error', () => inner.destroy());
      inner.on('error', () => socket.destroy());
      socket.pipe(inner).pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsFront(server, cert, sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

async function makeCertificate(): Promise<{ key: string; cert: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eloquence-tls-'));
  try {
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await run(findProgram('openssl'), ['req', '-x509', ...kind, ...name, '-keyout', key, '-out', cert]);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
