import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from './free-port.ts';
import { findProgram, idsOf, ManagedProcess } from './processes.ts';
import { waitFor } from './wait-for.ts';

/** Debian keeps the programs of each major version off the PATH. Newest first. */
function debianFolders(): string[] {
  try {
    const versions = readdirSync('/usr/lib/postgresql').toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => `/usr/lib/postgresql/${version}/bin`);
  } catch {
    return [];
  }
}

/**
 * A private Postgres cluster on loopback, owned by the system user `postgres` when we are root, because Postgres refuses
 * root. fsync is off: `kill()` then `start()` is a crash of the process, not of the machine.
 */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #user: string | undefined;
  #process: ManagedProcess | undefined;

  private constructor(port: number, folder: string, user: string | undefined) {
    this.port = port;
    this.#folder = folder;
    this.#user = user;
  }

  static async start(): Promise<PostgresServer> {
    const initdb = findProgram('initdb', debianFolders());
    const folder = mkdtempSync(join(tmpdir(), 'eloquence-postgres-'));
    const user = process.getuid?.() === 0 ? 'postgres' : undefined;
    const ids = user === undefined ? undefined : idsOf(user);
    if (ids) chownSync(folder, ids.uid, ids.gid);
    chmodSync(folder, 0o700);
    const args = [
      '-D',
      join(folder, 'data'),
      '-U',
      'eloquence',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ];
    execFileSync(initdb, args, { cwd: folder, stdio: 'pipe', ...ids });
    const server = new PostgresServer(await freePort(), folder, user);
    await server.start();
    return server;
  }

  /** Of the administrative database; tests take their own by `createTestDatabase`. */
  get url(): string {
    return `postgres://eloquence@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it again on the same port and files. After a crash the old shared memory lives on for a moment. */
  async start(): Promise<void> {
    await waitFor(() => this.#launch().then(() => true), { what: 'postgres', timeoutMs: 30_000, intervalMs: 200 });
  }

  async #launch(): Promise<void> {
    const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=200'];
    settings.push('listen_addresses=127.0.0.1', `unix_socket_directories=${this.#folder}`);
    this.#process = new ManagedProcess({
      name: 'postgres',
      command: findProgram('postgres', debianFolders()),
      args: ['-D', join(this.#folder, 'data'), '-p', String(this.port), ...settings.flatMap((line) => ['-c', line])],
      cwd: this.#folder,
      folder: this.#folder,
      ...(this.#user && { user: this.#user }),
    });
    await this.#process.ready(() => answers(this.url), 15_000);
  }

  /** kill -9 of the server; its children end themselves. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // SIGQUIT = immediate shutdown: ends the children too, waits for no client.
    await this.#process?.stop('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select 1');
  await client.end();
  return true;
}
