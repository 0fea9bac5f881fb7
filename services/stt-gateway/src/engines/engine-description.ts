import type { Engine } from '@eloquence/shared/contracts/engine';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { SpeechEngine } from './engine.ts';

/** The model behind an engine changes only when the engine starts anew. */
const FRESH_MS = 5_000;
const TIMEOUT_MS = 1_000;

/** Who listens: asked for /ready, and remembered for a moment so that opening a stream costs no call of its own. */
export class EngineDescription {
  readonly #engine: Pick<SpeechEngine, 'describe'>;
  #known: { readonly engine: Engine | undefined; readonly untilMs: number } | undefined;

  constructor(engine: Pick<SpeechEngine, 'describe'>) {
    this.#engine = engine;
  }

  /** The last answer; undefined while the engine cannot decode. */
  get current(): Engine | undefined {
    return this.#known?.engine;
  }

  /** @throws AppError while the engine cannot decode */
  async refresh(signal: AbortSignal): Promise<void> {
    try {
      this.#known = { engine: await this.#engine.describe(signal), untilMs: performance.now() + FRESH_MS };
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  /**
   * Refuses a language the engine does not understand. An engine that is away refuses nothing: the stream's audio waits for it.
   *
   * @param language as the client gave it: "fr", "fr-FR", or "multi" and "auto", which leave it to the engine
   * @throws AppError `unsupported_language`
   */
  async checkLanguage(language: string | undefined): Promise<void> {
    const code = language?.toLowerCase().split(/[-_]/)[0];
    const fresh = this.#known && this.#known.untilMs >= performance.now();
    // Also when no language is named: what the engine says of its capacity comes with it.
    const refreshed = fresh ? undefined : this.refresh(AbortSignal.timeout(TIMEOUT_MS)).catch(() => undefined);
    if (!code || code === 'multi' || code === 'auto') return;
    // What was known a moment ago is good enough: an engine that hangs must not hold up the door.
    if (!this.#known) await refreshed;
    const { languages, label } = this.current ?? {};
    if (!languages || languages.includes(code)) return;
    throw new AppError(
      'unsupported_language',
      `The ${label} understands ${languages.join(', ')} only, not ${code}: set WHISPER_MODEL to a real model, for instance small.`,
    );
  }
}
