import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { OwnGateway } from './own-gateway.ts';
import type { Recording } from './speech.ts';

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
 * Runs a script of `python/` with the stock clients; `asked` is its only argument, `onReport` hears each line at once.
 *
 * @throws Error with the end of its stderr when it fails or takes longer than two minutes
 */
export async function runPython(
  script: string,
  asked: Readonly<Record<string, unknown>>,
  onReport: (report: Report) => void = () => undefined,
): Promise<Report[]> {
  const file = path.join(import.meta.dirname, 'python', `${script}.py`);
  // An empty key: nothing may go to a vendor by mistake.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OPENAI_API_KEY: '', DEEPGRAM_API_KEY: '' };
  const child = spawn(PYTHON, [file, JSON.stringify(asked)], { env, timeout: DEADLINE_MS });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-5_000)));
  const reports: Report[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const report = lineSchema.parse(JSON.parse(line));
    reports.push(report);
    onReport(report);
  }
  const [code] = await closed;
  if (code !== 0) throw new Error(`${script}.py ended with ${code}; it wrote:\n${log}`);
  return reports;
}

/** Runs a script against `gateway`, which is stopped and started again between the first recording and the second. */
export async function runAcrossRestart(
  gateway: OwnGateway,
  script: string,
  asked: Readonly<Record<string, unknown>>,
): Promise<Report[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eloquence-gate-'));
  const gate = path.join(folder, 'open');
  let restart: Promise<void> = Promise.resolve();
  try {
    const reports = await runPython(script, { ...asked, gate, url: gateway.url, key: gateway.key }, ({ kind }) => {
      if (kind !== 'waiting') return;
      restart = (async () => {
        await gateway.stop();
        await gateway.start();
        writeFileSync(gate, '');
      })();
    });
    return reports;
  } finally {
    await restart;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The reports of one kind. */
export function only(reports: readonly Report[], kind: string): Report[] {
  return reports.filter((report) => report.kind === kind);
}
