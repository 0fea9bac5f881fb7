import { interimSchema, sessionEventSchema, type Interim, type SessionEvent } from '@eloquence/shared/contracts/events';
import { subscribe } from './sse.ts';
import { waitFor } from './wait-for.ts';

const EVENT_TIMEOUT_MS = 10_000;

/** Follows a session's event stream in the background, as the web page does. */
export class EventCollector implements AsyncDisposable {
  readonly events: SessionEvent[] = [];
  readonly interims: Interim[] = [];
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;

  constructor(url: string, key?: string) {
    this.#done = this.#follow(url, key).catch(() => undefined);
  }

  async #follow(url: string, key?: string): Promise<void> {
    for await (const { data } of subscribe(url, { signal: this.#abort.signal, ...(key && { key }) })) {
      const value: unknown = JSON.parse(data);
      const event = sessionEventSchema.safeParse(value);
      const interim = interimSchema.safeParse(value);
      if (event.success) this.events.push(event.data);
      else if (interim.success) this.interims.push(interim.data);
    }
  }

  /** The first event of the type, once it is there. */
  async waitFor(type: SessionEvent['type'], timeoutMs = EVENT_TIMEOUT_MS): Promise<SessionEvent> {
    return waitFor(() => this.events.find((event) => event.type === type), { what: type, timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}
