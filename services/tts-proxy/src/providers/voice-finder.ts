import type { Language } from '@eloquence/shared/contracts/ids';
import type { Gender } from '../voices/voice.ts';

/** A voice as a server lists it. */
export interface ListedVoice {
  readonly name: string;
  /** Codes such as `fr` or `fr_FR`; empty: any language. */
  readonly languages: readonly string[];
  /** Absent where the server does not say. */
  readonly gender?: Gender;
}

/**
 * Voices of a server that can list them, asked for once: what speaks when nobody named a voice. A list that could not be
 * had is asked for again.
 */
export class VoiceFinder {
  readonly #list: (signal: AbortSignal) => Promise<readonly ListedVoice[]>;
  #listed: readonly ListedVoice[] | undefined;

  constructor(list: (signal: AbortSignal) => Promise<readonly ListedVoice[]>) {
    this.#list = list;
  }

  /** Asks anew. */
  async refresh(signal: AbortSignal): Promise<readonly ListedVoice[]> {
    this.#listed = await this.#list(signal);
    return this.#listed;
  }

  /** The first voice of the language and gender; of the language alone where there is none; undefined where there is neither. */
  async find(language: Language, gender: Gender, signal: AbortSignal): Promise<string | undefined> {
    return fitting(this.#listed ?? (await this.refresh(signal)), language, gender);
  }

  /** The same, without asking. */
  findKnown(language: Language, gender: Gender): string | undefined {
    return this.#listed && fitting(this.#listed, language, gender);
  }
}

function fitting(voices: readonly ListedVoice[], language: Language, gender: Gender): string | undefined {
  const speaks = (voice: ListedVoice) =>
    voice.languages.some(
      (code) =>
        code.toLowerCase() === language ||
        code.toLowerCase().startsWith(`${language}_`) ||
        code.toLowerCase().startsWith(`${language}-`),
    );
  const own = voices.filter(speaks);
  const any = voices.filter(({ languages }) => languages.length === 0);
  const candidates = [...own, ...any];
  return (candidates.find((voice) => voice.gender === gender) ?? candidates[0])?.name;
}
