import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { languageSchema, type Language } from '@eloquence/shared/contracts/ids';
import type { Gender, PartialVoices } from '../voices/voice.ts';

/** Where `npm start` keeps downloaded voices, from the repository root. */
const VOICES_DIR = '.eloquence/voices';

/** Men among Piper's French and English voices with one speaker; the others are women's. */
const MEN = /-(?:tom|gilles|alan|ryan|joe|john|danny|norman|bryce|kusal|hfc_male|northern_english_male)-/;

/** How a voice of Piper's is known to sound, from its name, such as `fr_FR-siwis-medium`. */
export function piperGender(name: string): Gender {
  return MEN.test(name) ? 'male' : 'female';
}

/** Piper takes `[[…]]` for phonemes and the end of a line for the end of the text. */
export function piperText(text: string): string {
  return text.replaceAll('[[', '[ [').replaceAll(/\s+/g, ' ').trim();
}

/** `voice#speaker` is one speaker, by name or number, of a voice that has several. */
export function splitSpeaker(name: string): { readonly model: string; readonly speaker?: string } {
  const [, model = name, speaker] = /^(.*)#([^#/]+)$/.exec(name) ?? [];
  return { model, ...(speaker !== undefined && { speaker }) };
}

/**
 * The voice for each language and gender among the files beside the given ones and in `VOICES_DIR`; the given one is its
 * language's own. A language with one voice has it for both genders.
 *
 * @param given paths of `.onnx` files
 */
export function piperVoices(given: Readonly<Partial<Record<Language, string>>>): PartialVoices {
  const folders = new Set([...Object.values(given).map((path) => dirname(path)), VOICES_DIR]);
  const files = [...folders].flatMap((folder) => listFolder(folder));
  const voices: Partial<Record<Language, Record<Gender, string>>> = {};
  for (const language of languageSchema.options) {
    const own = given[language];
    const found = files.filter((path) => basename(path).startsWith(`${language}_`));
    const candidates = [...(own ? [own] : []), ...found];
    const [first] = candidates;
    if (!first) continue;
    const best = (gender: Gender) => candidates.find((path) => piperGender(path) === gender) ?? first;
    // What was given by name is the coach's, whatever it sounds like.
    voices[language] = { female: own ?? best('female'), male: best('male') };
  }
  return voices;
}

function listFolder(folder: string): string[] {
  try {
    const names = readdirSync(folder).toSorted();
    return names.flatMap((name) =>
      names.includes(`${name}.json`) && name.endsWith('.onnx') ? [join(folder, name)] : [],
    );
  } catch {
    // There is no such folder where nothing has been downloaded.
    return [];
  }
}
