import { createHash } from 'node:crypto';
import { AppError } from '@eloquence/shared/runtime/errors';

/** Texts in a row, refused by a provider that has never spoken, after which it is not the texts: a wrong model, a wrong voice. */
const REFUSED_TEXTS = 2;
/** Texts in a row without a sound in the answer after which it is not the texts. */
const SILENT_TEXTS = 5;
/** A refusal may mean that our key is no longer good: the provider is asked, but not for every text. */
const MIN_BETWEEN_CHECKS_MS = 30_000;

export interface TextFaultsOptions {
  /** Whether it would speak at all. */
  readonly check: () => Promise<unknown>;
  /** It would not. */
  readonly onRefused: (error: AppError) => void;
}

/** A provider answered, and there was nothing to be heard. The text's fault, as long as others are spoken. */
export const silentAnswer = (): AppError => new AppError('invalid_request', 'The voice made no sound of this text.');

/** Whether it was a text that a provider could not speak, which says nothing about any other text. */
export function isTextFault(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'invalid_request';
}

/** Tells texts that a provider cannot speak from a provider that cannot speak, or one caller could take its voice from all. */
export class TextFaults {
  readonly #options: TextFaultsOptions;
  /** Digests of the texts it could not speak since it spoke last; never more than `SILENT_TEXTS`. */
  readonly #inRow = new Set<string>();
  #hasSpoken = false;
  #checkedAtMs = -Infinity;

  constructor(options: TextFaultsOptions) {
    this.#options = options;
  }

  spoke(): void {
    this.#hasSpoken = true;
    this.#inRow.clear();
  }

  /** It could not speak this text. @returns the error as it is, or as the provider's own fault */
  judge(text: string, error: AppError, kind: 'refused' | 'silent'): AppError {
    if (this.#inRow.size < SILENT_TEXTS) this.#inRow.add(createHash('sha256').update(text).digest('base64'));
    if (kind === 'silent')
      return this.#inRow.size < SILENT_TEXTS ? error : new AppError('upstream_failed', 'The voice makes no sound.');
    if (!this.#hasSpoken && this.#inRow.size >= REFUSED_TEXTS)
      return new AppError('upstream_rejected', error.message, { cause: error });
    void this.#check();
    return error;
  }

  async #check(): Promise<void> {
    const now = performance.now();
    if (now - this.#checkedAtMs < MIN_BETWEEN_CHECKS_MS) return;
    this.#checkedAtMs = now;
    try {
      await this.#options.check();
    } catch (error) {
      if (isTextFault(error))
        this.#options.onRefused(new AppError('upstream_rejected', error.message, { cause: error }));
      else if (error instanceof AppError) this.#options.onRefused(error);
    }
  }
}
