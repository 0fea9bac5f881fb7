import * as z from 'zod';
import { AppError } from '@eloquence/shared/runtime/errors';
import { parseJson } from './engine-http.ts';

/** Who an engine is to the person who set it up: names of sentences and of the settings to check. */
export interface VendorSettings {
  /** "OpenAI". */
  readonly who: string;
  readonly keySetting: string;
  readonly urlSetting: string;
  readonly modelSetting: string;
}

const MAX_SENTENCE = 300;
const sentence = z.string().min(1);
/** OpenAI's, Mistral's, Deepgram's and FastAPI's ways to say what is wrong. */
const errorBodySchema = z.union([
  z.looseObject({ error: z.looseObject({ message: sentence }) }).transform(({ error }) => error.message),
  z.looseObject({ err_msg: sentence }).transform(({ err_msg: message }) => message),
  z.looseObject({ message: sentence }).transform(({ message }) => message),
  z.looseObject({ detail: sentence }).transform(({ detail }) => detail),
]);

/**
 * A vendor's status as an error of ours. Its own sentence is passed on for faults of the request only: the one about a
 * wrong key quotes the key.
 */
export function vendorRefusal(settings: VendorSettings, status: number, text: string): AppError {
  const { who, keySetting, urlSetting, modelSetting } = settings;
  if (status === 401 || status === 403)
    return new AppError('upstream_rejected', `${who} answered ${status}: check ${keySetting}.`);
  if (status === 402)
    return new AppError('upstream_rejected', `${who} answered 402: the account of ${keySetting} has no credit left.`);
  if (status === 404 || status === 405)
    return new AppError('upstream_rejected', `${who} answered ${status}: check ${urlSetting} and ${modelSetting}.`);
  if (status === 413) return new AppError('payload_too_large', `${who} takes no recording of this size.`);
  if (status === 415) return new AppError('unsupported_media_type', `${who} does not take this kind of audio.`);
  if (status === 429) return new AppError('unavailable', `${who} limits how often it is asked (429).`);
  if (status === 503) return new AppError('unavailable', `${who} is not ready (503).`);
  if (status >= 500) return new AppError('upstream_failed', `${who} failed (${status}).`);
  const said = errorBodySchema.safeParse(parseJson(text)).data?.slice(0, MAX_SENTENCE);
  return new AppError('invalid_request', `${who} refused the request (${status})${said ? `: ${said}` : '.'}`);
}
