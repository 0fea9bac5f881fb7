import type { SourceReport } from '@eloquence/shared/contracts/meeting-api';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { RecordingApi } from './recording.ts';

/** More than a meeting of hours with a loose plug makes. Drop policy: oldest. */
const MAX_REPORTS = 200;
const ECHO_MS = 15_000;

/** What the server still has to be told: reports on sources, and whether the recording is paused. Kept while it is away. */
export class ServerNotes {
  readonly #api: RecordingApi;
  #reports: SourceReport[] = [];
  #wanted: 'paused' | 'recording' = 'recording';
  #told: 'paused' | 'recording' = 'recording';
  /** What we said lately and will hear back. */
  #echoes: { readonly state: 'paused' | 'recording'; readonly untilMs: number }[] = [];

  constructor(api: RecordingApi) {
    this.#api = api;
  }

  report(report: Partial<SourceReport>): void {
    this.#reports = [...this.#reports, { silent: [], gaps: [], ...report }].slice(-MAX_REPORTS);
  }

  setRecording(state: 'paused' | 'recording'): void {
    this.#wanted = state;
  }

  /** Somebody else paused or went on: nothing to tell. */
  heardState(state: 'paused' | 'recording'): void {
    this.#told = state;
    this.#wanted = state;
  }

  /** True once for each time we said so ourselves. */
  isEcho(state: 'paused' | 'recording'): boolean {
    const nowMs = Date.now();
    this.#echoes = this.#echoes.filter(({ untilMs }) => untilMs > nowMs);
    const at = this.#echoes.findIndex((echo) => echo.state === state);
    if (at >= 0) this.#echoes.splice(at, 1);
    return at >= 0;
  }

  get pending(): number {
    return this.#reports.length + (this.#wanted === this.#told ? 0 : 1);
  }

  /** Tells what is to be told. @throws AppError when the server is away; what was not told is kept */
  async flush(signal: AbortSignal): Promise<void> {
    const wanted = this.#wanted;
    if (wanted !== this.#told) {
      this.#echoes.push({ state: wanted, untilMs: Date.now() + ECHO_MS });
      await this.#api.setRecording(wanted, { signal });
      this.#told = wanted;
    }
    for (let report = this.#reports[0]; report; report = this.#reports[0]) {
      try {
        await this.#api.reportSources(report, { signal });
      } catch (error) {
        // What the server refuses it will refuse again.
        if (!(error instanceof AppError) || error.retryable) throw error;
      }
      this.#reports = this.#reports.filter((each) => each !== report);
    }
  }
}
