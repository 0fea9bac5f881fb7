import { readFileSync } from 'node:fs';
import { languageSchema } from '@eloquence/shared/contracts/ids';
import { ConfigError } from '@eloquence/shared/runtime/config';
import * as z from 'zod';
import { builtinVoices, type VoiceEntry } from './builtin-voices.ts';
import { providerIds } from './voice.ts';

export type VoiceMap = ReadonlyMap<string, VoiceEntry>;

const nameSchema = z.string().min(1, 'is empty').max(200);
const ID = /^[A-Za-z0-9][\w-]{0,99}$/;
const fileSchema = z.record(
  z.string(),
  z.strictObject({
    language: languageSchema.optional(),
    gender: z.enum(['female', 'male']).optional(),
    names: z.partialRecord(z.enum(providerIds), nameSchema).optional(),
  }),
);

export const builtinMap: VoiceMap = new Map(Object.entries(builtinVoices));

/**
 * The built-in voices with those of a file over them, member by member: `{"coach-fr": {"names": {"elevenlabs": "…"}}}`
 * changes that one name. A voice that is not built in needs a `gender`; without a `language` it speaks any.
 *
 * @param path JSON, or the path of a file of it; see `.env.example`, TTS_VOICES
 * @throws ConfigError naming the file and each wrong member
 */
export function readVoiceMap(path: string | undefined): VoiceMap {
  if (path === undefined) return builtinMap;
  const parsed = fileSchema.safeParse(readJson(path));
  const faults = (parsed.error?.issues ?? []).map(
    ({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`,
  );
  const map = new Map(builtinMap);
  for (const [id, given] of Object.entries(parsed.data ?? {})) {
    const builtin = builtinMap.get(id);
    const gender = given.gender ?? builtin?.gender;
    const language = given.language ?? builtin?.language;
    if (!ID.test(id)) faults.push(`${id}: a voice is named with letters, digits, "-" and "_"`);
    else if (!gender)
      faults.push(`${id}.gender: is missing; "female" or "male", for providers that have no name of it`);
    else map.set(id, { gender, names: { ...builtin?.names, ...given.names }, ...(language && { language }) });
  }
  if (faults.length > 0) throw fault(path, faults);
  return map;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(isJson(path) ? path : readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw fault(path, [code ? `cannot be read (${code})` : `is not JSON: ${(error as Error).message}`]);
  }
}

const isJson = (text: string): boolean => text.trimStart().startsWith('{');

function fault(path: string, faults: readonly string[]): ConfigError {
  const source = isJson(path) ? '' : `${path}: `;
  return new ConfigError(
    `The settings are not usable:\n${faults.map((text) => `  TTS_VOICES: ${source}${text}`).join('\n')}`,
  );
}
