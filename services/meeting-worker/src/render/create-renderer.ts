import { fork } from 'node:child_process';
import path from 'node:path';
import type { Report, ReportFormat } from '@eloquence/shared/contracts/report';
import { AppError } from '@eloquence/shared/runtime/errors';
import { toHtml } from './html.ts';
import { toMarkdown } from './markdown.ts';
import { minutesOf } from './minutes.ts';
import type { Renderer } from './renderer.ts';
import { toSrt, toVtt } from './subtitles.ts';

export interface RendererOptions {
  /** A child that has not answered after so long is ended. */
  readonly timeoutMs?: number;
  /** Its program. */
  readonly child?: string;
}

/** What a child is asked, once. */
export interface ChildTask {
  readonly report: Report;
  readonly format: 'pdf' | 'docx';
}
export type ChildAnswer =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: Error };

/** A PDF of four hours takes 2 s, and more than 20 on a machine that is busy with everything else. Two must fit into a job. */
const TIMEOUT_MS = 60_000;
const CHILD = path.join(import.meta.dirname, 'render-child.ts');
/** A PDF of 3,000 utterances takes 300 MB in all; a heap larger than this is a fault (`render-guard.ts` bounds the whole). */
const CHILD_HEAP_MB = 640;

/** Formats this report can be had in: subtitles need the transcript. */
export function offeredFormats(report: Report): ReportFormat[] {
  const formats: ReportFormat[] = ['md', 'html', 'pdf', 'docx', 'json'];
  return report.transcript === null ? formats : [...formats, 'srt', 'vtt'];
}

/**
 * Rejects with an AppError `not_found` for a format that {@link offeredFormats} leaves out, `internal` when a child fails or takes
 * too long, and with the signal's reason when it aborts.
 */
export function createRenderer(options: RendererOptions = {}): Renderer {
  const { timeoutMs = TIMEOUT_MS, child = CHILD } = options;
  // One child at a time: two would not be sooner on a small machine, and need twice the memory.
  let last: Promise<unknown> = Promise.resolve();
  return {
    async render(report, format, signal) {
      signal.throwIfAborted();
      if (format !== 'pdf' && format !== 'docx') return new TextEncoder().encode(toText(report, format));
      const task = { report: withoutWords(report), format };
      const rendering = last.then(() => renderInChild(task, { child, timeoutMs, signal }));
      last = rendering.catch(() => undefined);
      return rendering;
    },
  };
}

function toText(report: Report, format: Exclude<ReportFormat, 'pdf' | 'docx'>): string {
  switch (format) {
    case 'md':
      return toMarkdown(minutesOf(report));
    case 'html':
      return toHtml(minutesOf(report));
    case 'srt':
      return toSrt(report);
    case 'vtt':
      return toVtt(report);
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
  }
}

/** Times of single words are most of a report's bytes, and no paper shows them. */
function withoutWords(report: Report): Report {
  const transcript = report.transcript?.map((utterance) => {
    const bare = { ...utterance };
    delete bare.words;
    return bare;
  });
  return { ...report, transcript: transcript ?? null };
}

/** The child knows no variable of ours: it needs no secret. */
function renderInChild(
  task: ChildTask,
  {
    child: program,
    timeoutMs,
    signal,
  }: { readonly child: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const child = fork(program, {
      env: {},
      execArgv: [`--max-old-space-size=${CHILD_HEAP_MB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let result: ChildAnswer | undefined;
    let isLate = false;
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(() => (isLate = kill()), timeoutMs);
    signal.addEventListener('abort', kill, { once: true });
    const release = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    };
    child.once('message', (answer) => (result = answer as ChildAnswer));
    child.once('error', (error) => {
      release();
      reject(failed(task.format, 'its process cannot run', error));
    });
    // Only when it is gone: then nothing of it is left behind.
    child.once('close', (code, killedBy) => {
      release();
      if (signal.aborted) reject(signal.reason as Error);
      else if (result?.ok) resolve(result.bytes);
      else if (result) reject(failed(task.format, 'a fault of ours', result.error));
      else
        reject(
          failed(task.format, isLate ? `it took over ${timeoutMs} ms` : `its process ended with ${killedBy ?? code}`),
        );
    });
    child.send(task, (error) => {
      if (error) kill();
    });
  });
}

const failed = (format: string, why: string, cause?: Error) =>
  new AppError('internal', `The report could not be made as ${format} (${why}); its other formats are not concerned.`, {
    cause,
  });
