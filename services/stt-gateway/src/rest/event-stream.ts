import type { ServerResponse } from 'node:http';
import type { TranscriptionEvent } from '@eloquence/shared/contracts/transcriptions';
import { toProblem, type AppError } from '@eloquence/shared/runtime/errors';
import type { Transcript } from '../session/session-events.ts';
import type { FileTranscript } from './transcribe-file.ts';

/** The first is late, so that short recordings have none. */
const PROGRESS_MS = 1_000;
/** Proxies close what is silent, many after 30 s. */
const HEARTBEAT_MS = 15_000;

/** One `stream=true` answer: text as it becomes known, how far the work is, one end. */
export class TranscriptionStream {
  readonly #response: ServerResponse;
  readonly #progress: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout;
  #doneS = 0;
  #toldS = 0;
  #totalS: number | undefined;
  #text = '';

  /** @param headers set on the reply by now */
  constructor(response: ServerResponse, headers: NodeJS.Dict<number | string | string[]>) {
    this.#response = response;
    response.on('close', () => this.#stop());
    // A reader that is gone: close follows.
    response.on('error', () => undefined);
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    this.#progress = setInterval(() => this.#tellProgress(), PROGRESS_MS);
    this.#heartbeat = setInterval(() => response.write(': still at it\n\n'), HEARTBEAT_MS);
  }

  /** Remembered, and told once a second at most. */
  progress(doneS: number, totalS: number | undefined): void {
    this.#doneS = doneS;
    this.#totalS = totalS;
  }

  /** @param heard the window the delta is of, where its words are wanted */
  delta(delta: string, heard?: Pick<Transcript, 'words' | 'startS' | 'endS'>): void {
    this.#text += delta;
    const words = heard && {
      words: heard.words.map(({ word, startS, endS }) => ({ word, start: startS, end: endS })),
      start: heard.startS,
      end: heard.endS,
    };
    this.#send({ type: 'transcript.text.delta', delta, ...words });
  }

  done({ durationS, language }: Pick<FileTranscript, 'durationS' | 'language'>): void {
    const languages = language ? [{ code: language }] : [];
    this.#send({ type: 'transcript.text.done', text: this.#text, languages, duration: durationS });
    this.end();
  }

  /** OpenAI's clients raise what comes as the event `error`. */
  fail(error: AppError, requestId: string): void {
    const problem = toProblem(error, requestId);
    this.#response.write(`event: error\ndata: ${JSON.stringify(problem)}\n\n`);
    this.end();
  }

  end(): void {
    this.#stop();
    this.#response.end();
  }

  #stop(): void {
    clearInterval(this.#progress);
    clearInterval(this.#heartbeat);
  }

  #tellProgress(): void {
    // A slow reader gets the texts, not every step.
    if (this.#doneS === this.#toldS || this.#response.writableNeedDrain) return;
    this.#toldS = this.#doneS;
    const total = this.#totalS === undefined ? {} : { seconds_total: rounded(this.#totalS) };
    this.#send({ type: 'transcript.progress', seconds_done: rounded(this.#doneS), ...total });
  }

  #send(event: TranscriptionEvent): void {
    this.#response.write(`data: ${JSON.stringify(event)}\n\n`);
  }
}

const rounded = (seconds: number) => Math.round(seconds * 10) / 10;
