import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionEvent } from '@eloquence/shared/contracts/events';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { delay } from '@eloquence/shared/runtime/abort';
import { AppError } from '@eloquence/shared/runtime/errors';
import { speakerNames } from '@eloquence/shared/runtime/speaker-names';
import * as z from 'zod';
import type { MeetingApi } from '../api/meeting-api.ts';
import { printable } from './context.ts';
import { writeChunk } from './fetch-report.ts';
import { clockText } from './table.ts';

const RECONNECT_MS = 2_000;
const lineSchema = z.object({ utterance_id: z.string() });

export interface LiveFolderOptions {
  readonly folder: string;
  readonly sessionId: string;
  readonly language: Language;
  readonly api: MeetingApi;
  /** Longest time a sentence waits to be on the disk, ms. */
  readonly batchMs: number;
  readonly onWords: (words: number) => void;
}

/**
 * Writes what is said, and every mini-summary, into the meeting's folder while it goes on: `transcript.jsonl`, `transcription.txt`,
 * `chunk_N.json`. Going on with a folder that is there says nothing twice.
 */
export class LiveFolder {
  readonly #options: LiveFolderOptions;
  readonly #known = new Set<string>();
  readonly #joined = new Map<string, string>();
  readonly #given = new Map<string, string>();
  readonly #heard = new Set<string>();
  #lines: Utterance[] = [];
  #lastSeq = 0;
  #words = 0;

  constructor(options: LiveFolderOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    this.#recall();
  }

  /** Follows the meeting until its events end or the signal aborts; connections that break are made anew. Never throws for those. */
  async follow(signal: AbortSignal): Promise<void> {
    const timer = setInterval(() => this.#flush(), this.#options.batchMs);
    try {
      while (!signal.aborted && !(await this.#followOnce(signal)))
        await delay(RECONNECT_MS, signal).catch(() => undefined);
    } finally {
      clearInterval(timer);
      this.#flush();
    }
  }

  /** @returns true when the session has ended */
  async #followOnce(signal: AbortSignal): Promise<boolean> {
    let ended = false;
    try {
      for await (const event of this.#options.api.events(this.#options.sessionId, this.#lastSeq, { signal })) {
        this.#lastSeq = event.seq;
        if (event.type === 'session.ended') ended = true;
        else if (event.type === 'session.resumed') ended = false;
        else await this.#take(event, signal);
      }
    } catch (error) {
      // The server is away or the network was lost: the events are there later, from the same number on.
      if (error instanceof AppError && !error.retryable && error.code !== 'internal') return true;
    }
    return ended;
  }

  async #take(event: SessionEvent, signal: AbortSignal): Promise<void> {
    switch (event.type) {
      case 'participant.joined':
        if (event.speaker !== undefined && event.name !== undefined) this.#joined.set(event.speaker, event.name);
        break;
      case 'speaker.renamed':
        this.#given.set(event.speaker, event.name);
        break;
      case 'utterance.final':
        this.#hear(event.utterance);
        break;
      case 'summary.ready':
        await this.#writeChunk(event.index, signal);
        break;
      default:
    }
  }

  #hear(utterance: Utterance): void {
    this.#words += utterance.text.split(/\s+/).filter(Boolean).length;
    this.#options.onWords(this.#words);
    if (this.#known.has(utterance.utterance_id)) return;
    this.#known.add(utterance.utterance_id);
    this.#heard.add(utterance.speaker);
    this.#lines.push(utterance);
  }

  async #writeChunk(index: number, signal: AbortSignal): Promise<void> {
    const { api, sessionId, folder } = this.#options;
    const { chunks } = await api.summaries(sessionId, { signal });
    const chunk = chunks.find(({ n }) => n === index);
    if (chunk) writeChunk(folder, chunk);
  }

  /** What an earlier run has written; a last line that was cut off is ended and said again. */
  #recall(): void {
    const path = join(this.#options.folder, 'transcript.jsonl');
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    for (const line of text.split('\n')) {
      const id = parseId(line);
      if (id !== undefined) this.#known.add(id);
    }
    if (text !== '' && !text.endsWith('\n')) writeFileSync(path, '\n', { flag: 'a' });
  }

  #flush(): void {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    append(join(this.#options.folder, 'transcript.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { language } = this.#options;
    const names = speakerNames({ language, heard: this.#heard, joined: this.#joined, given: this.#given });
    append(
      join(this.#options.folder, 'transcription.txt'),
      lines
        .map(({ start_ms: startMs, speaker, text }) => {
          const name = names.get(speaker) ?? speaker;
          return `[${clockText(startMs)}] ${printable(name)} : ${printable(text).replaceAll('\n', ' ')}\n`;
        })
        .join(''),
    );
  }
}

function parseId(line: string): string | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data?.utterance_id;
  } catch {
    return undefined;
  }
}

/** Appends, and returns when the disk has it. */
function append(path: string, text: string): void {
  const file = openSync(path, 'a');
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
