import { AppError } from '@eloquence/shared/runtime/errors';

/** How the bytes of a recording are to be read. */
export type MediaType =
  /** What it says of itself: any container. */
  | { readonly type: 'container' }
  /** Samples without a header. */
  | {
      readonly type: 'samples';
      readonly encoding: 's16le' | 's16be';
      readonly rateHz: number;
      readonly channels: number;
    };

const MIN_RATE_HZ = 4_000;
const MAX_RATE_HZ = 384_000;
const MAX_CHANNELS = 8;

/**
 * Reads `audio/pcm;rate=16000;channels=1` (s16le), `audio/L16;rate=…` (RFC 2586: big-endian) and names of containers.
 *
 * @param options.lenient a form's part may call itself anything: curl and browsers guess by the file's name
 * @throws AppError `unsupported_media_type`, `invalid_request`
 */
export function readMediaType(header: string, options: { readonly lenient?: boolean } = {}): MediaType {
  const [name = '', ...parameters] = header
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (name === 'audio/pcm' || name === 'audio/l16') {
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
    const defaultRate = name === 'audio/pcm' ? '16000' : undefined;
    return {
      type: 'samples',
      encoding: name === 'audio/l16' ? 's16be' : 's16le',
      rateHz: readNumber(given.get('rate') ?? defaultRate, { name: 'rate', min: MIN_RATE_HZ, max: MAX_RATE_HZ }),
      channels: readNumber(given.get('channels') ?? '1', { name: 'channels', min: 1, max: MAX_CHANNELS }),
    };
  }
  const container =
    /^(?:audio|video)\/[\w.+-]+$/.test(name) || name === 'application/octet-stream' || name === 'application/ogg';
  if (container || options.lenient) return { type: 'container' };
  throw new AppError(
    'unsupported_media_type',
    `${name.slice(0, 100)} is no recording. Send multipart/form-data, audio/*, video/* or application/octet-stream.`,
  );
}

function readNumber(
  value: string | undefined,
  range: { readonly name: string; readonly min: number; readonly max: number },
): number {
  const number = Number(value?.replaceAll('"', '') ?? NaN);
  if (Number.isInteger(number) && number >= range.min && number <= range.max) return number;
  throw new AppError(
    'invalid_request',
    `The Content-Type needs ${range.name}= between ${range.min} and ${range.max}, as in audio/pcm;rate=16000.`,
  );
}
