import { readinessSchema, type Engine, type Engines } from '@eloquence/shared/contracts/engine';

const CACHE_MS = 5_000;
const TIMEOUT_MS = 1_500;

export interface EngineDirectoryOptions {
  readonly sttUrl: string;
  readonly ttsUrl: string;
  /** Our own: who thinks. */
  readonly llm: () => Engine | undefined;
}

/** Who listens, thinks and speaks right now; a service that does not answer counts as nobody. */
export class EngineDirectory {
  readonly #options: EngineDirectoryOptions;
  #cached: { readonly untilMs: number; readonly engines: Promise<Engines> } | undefined;

  constructor(options: EngineDirectoryOptions) {
    this.#options = options;
  }

  /** Asks at most once in 5 s, however many want to know. */
  list(): Promise<Engines> {
    const nowMs = performance.now();
    if (!this.#cached || this.#cached.untilMs < nowMs) {
      this.#cached = { untilMs: nowMs + CACHE_MS, engines: this.#ask() };
    }
    return this.#cached.engines;
  }

  async #ask(): Promise<Engines> {
    const [stt, tts] = await Promise.all([engineOf(this.#options.sttUrl), engineOf(this.#options.ttsUrl)]);
    return { stt, llm: this.#options.llm() ?? null, tts };
  }
}

/** A service that is not ready (503) still says what it runs on. */
async function engineOf(url: string): Promise<Engine | null> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    return readinessSchema.parse(await response.json()).engine ?? null;
  } catch {
    return null;
  }
}
