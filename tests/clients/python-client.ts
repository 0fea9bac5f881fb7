import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { Recording } from './speech.ts';

const run = promisify(execFile);
const TOOLS = process.env['ELOQUENCE_TOOLS_DIR'] ?? path.resolve(import.meta.dirname, '../../.eloquence');
const PYTHON = path.join(TOOLS, 'clients-venv/bin/python');
const DEADLINE_MS = 120_000;

const lineSchema = z.looseObject({ kind: z.string(), at: z.number() });
/** What a client delivered: `kind` says what, `at` when on the script's clock in seconds. */
export type Report = z.infer<typeof lineSchema>;

/** Recordings as files of s16le for a script; they go with the scope. */
export class Recordings implements Disposable {
  readonly paths: readonly string[];
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'eloquence-clients-'));

  constructor(recordings: readonly Recording[]) {
    this.paths = recordings.map(({ pcm }, index) => {
      const file = path.join(this.#folder, `${index}.pcm`);
      writeFileSync(file, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
      return file;
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Runs a script of `python/` with the stock clients; `asked` is its only argument.
 *
 * @throws Error with what it wrote to stderr when it fails or takes longer than two minutes
 */
export async function runPython(script: string, asked: Readonly<Record<string, unknown>>): Promise<Report[]> {
  const file = path.join(import.meta.dirname, 'python', `${script}.py`);
  // Their logs are on stderr; nothing of them goes to a vendor.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OPENAI_API_KEY: '', DEEPGRAM_API_KEY: '' };
  const { stdout } = await run(PYTHON, [file, JSON.stringify(asked)], {
    env,
    timeout: DEADLINE_MS,
    maxBuffer: 20_000_000,
  });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

/** The reports of one kind. */
export function only(reports: readonly Report[], kind: string): Report[] {
  return reports.filter((report) => report.kind === kind);
}
