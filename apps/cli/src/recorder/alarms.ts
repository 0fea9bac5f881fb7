import type { Observation, SilenceWatch } from '../capture/silence-watch.ts';
import type { ScreenEvent } from '../screen/screen-state.ts';
import type { RecordingResult, SourceId } from './recording.ts';

export interface AlarmsOptions {
  readonly watch: SilenceWatch;
  /** From this machine's clock to the session's; null while that is unknown. */
  readonly toSession: (localMs: number) => number | null;
  /** Tells the server; ms of the session. */
  readonly report: (source: SourceId, startMs: number, endMs: number | null) => void;
  readonly onEvent: (event: ScreenEvent) => void;
}

interface Alarm {
  readonly source: SourceId;
  readonly startMs: number;
  readonly endMs: number | null;
  /** When it began on the session's clock, as it was first told: what is told later is about the same alarm. */
  readonly toldMs: number | null;
}

/** What the watch for silence has found, told to the screen, the server and the result. */
export class Alarms {
  readonly #options: AlarmsOptions;
  /** On this machine's clock. */
  #alarms: readonly Alarm[] = [];

  constructor(options: AlarmsOptions) {
    this.#options = options;
  }

  observe(observation: Observation): void {
    for (const event of this.#options.watch.observe(observation)) {
      if (event.kind === 'alarm') {
        this.#alarms = [...this.#alarms, { source: event.source, startMs: event.sinceMs, endMs: null, toldMs: null }];
        this.#options.onEvent({ type: 'silent', source: event.source });
      } else {
        this.#alarms = this.#alarms.map((alarm) =>
          alarm.source === event.source && alarm.endMs === null ? { ...alarm, endMs: event.atMs } : alarm,
        );
        this.#options.onEvent({ type: 'sound_again', source: event.source });
      }
      this.#report(event.source);
    }
  }

  rest(): void {
    this.#options.watch.rest();
  }

  /** The recording is over: a source that is silent still stays so in the report. */
  finish(): void {
    for (const source of ['them', 'me'] as const) if (this.isSilent(source)) this.#report(source);
  }

  isSilent(source: SourceId): boolean {
    return this.#alarms.some((alarm) => alarm.source === source && alarm.endMs === null);
  }

  /** On the session's clock, or on that of this machine where the session's never became known. */
  get all(): RecordingResult['silent_alarms'] {
    const on = (ms: number): number => this.#options.toSession(ms) ?? ms;
    return this.#alarms.map(({ source, startMs, endMs, toldMs }) => ({
      source,
      start_ms: toldMs ?? on(startMs),
      end_ms: endMs === null ? null : on(endMs),
    }));
  }

  #report(source: SourceId): void {
    const at = this.#alarms.findLastIndex((each) => each.source === source);
    const alarm = this.#alarms[at];
    if (!alarm) return;
    const startMs = alarm.toldMs ?? this.#options.toSession(alarm.startMs);
    if (startMs === null) return;
    this.#alarms = this.#alarms.with(at, { ...alarm, toldMs: startMs });
    const endMs = alarm.endMs === null ? null : this.#options.toSession(alarm.endMs);
    this.#options.report(source, startMs, endMs === null ? null : Math.max(startMs, endMs));
  }
}
