import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';

/** What failed of a meeting. `read`: what is stored of it; `notes`: its mini-summaries. */
const PARTS = ['read', 'notes', 'report', 'files'] as const;
export type MeetingPart = (typeof PARTS)[number];

/** A fault that lasts is said again after so long, so that an alert on it lasts too. */
const SAY_AGAIN_MS = 600_000;
/** Faults remembered; of more the oldest may be said again. */
const MAX_REMEMBERED = 1_000;
const FRAMES = 5;

/**
 * Says what is wrong with one meeting (its data, or our code on its data): a line per meeting, part and cause, and a count to alert on.
 * Of an error only its kind and place are logged, because its message may quote what was said.
 */
export class MeetingFaults {
  readonly #logger: Logger;
  readonly #telemetry: Telemetry;
  readonly #saidAtMs = new Map<string, number>();

  constructor({ logger, telemetry }: { readonly logger: Logger; readonly telemetry: Telemetry }) {
    this.#logger = logger;
    this.#telemetry = telemetry;
    // Else the first of them would be no increase.
    for (const part of PARTS) telemetry.count('eloquence_meeting_faults_total', { part }, 0);
  }

  say(sessionId: SessionId, part: MeetingPart, error: unknown): void {
    const cause = causeOf(error);
    const key = `${sessionId} ${part} ${cause}`;
    const nowMs = performance.now();
    if (nowMs - (this.#saidAtMs.get(key) ?? -Infinity) < SAY_AGAIN_MS) return;
    this.#saidAtMs.delete(key);
    this.#saidAtMs.set(key, nowMs);
    const [oldest] = this.#saidAtMs.keys();
    if (this.#saidAtMs.size > MAX_REMEMBERED && oldest) this.#saidAtMs.delete(oldest);
    this.#telemetry.count('eloquence_meeting_faults_total', { part });
    this.#logger.error(
      { sessionId, part, cause, at: placeOf(error) },
      'a part of a meeting cannot be made, its other parts go on: this is an error of ours, please report it with this line',
    );
  }
}

/** Whether our code failed on what it was given; else something it needs did. */
export const isOurFault = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}

/** Innermost frames, without the message that stands before them. */
function placeOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames.slice(0, FRAMES).map((line) => line.trim());
}
