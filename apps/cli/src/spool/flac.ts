import { createRequire } from 'node:module';
import { SAMPLE_RATE_HZ } from '../capture/source.ts';
import type { Flac } from 'libflacjs';

/** libFLAC, compiled to WebAssembly: 16 kHz mono of 16 bits, lossless. */
export interface FlacCodec {
  /** @throws Error when libFLAC refuses */
  encode(pcm: Int16Array): Uint8Array;
  /** @throws Error when the bytes are not what {@link encode} made */
  decode(flac: Uint8Array): Int16Array;
}

/** libFLAC's own default. 10 s of speech: 5.5 ms, 40 % of the size. */
const COMPRESSION_LEVEL = 5;
const BITS = 16;
const STREAM_OK = 0;
/** What libFLAC takes is 32 bits wide; one buffer for ever keeps a recording of hours from leaving garbage. */
const scratch = new Int32Array(SAMPLE_RATE_HZ);
let loading: Promise<FlacCodec> | undefined;

/** Loads the codec once; about 2 MB of memory. */
export function flacCodec(): Promise<FlacCodec> {
  loading ??= load();
  return loading;
}

async function load(): Promise<FlacCodec> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Map(events.map((event) => [event, new Set<unknown>(process.listeners(event as never))]));
  // A CommonJS factory that sets an environment variable for where its WebAssembly lies.
  const factory = createRequire(import.meta.url)('libflacjs') as (variant: string) => Flac;
  const flac = withoutFetch(() => factory('min.wasm'));
  if (!flac.isReady()) await new Promise<void>((resolve) => flac.on('ready', () => resolve()));
  // Emscripten takes every error of the process for its own and aborts: those handlers go.
  for (const event of events)
    for (const listener of process.listeners(event as never))
      if (!before.get(event)?.has(listener)) process.off(event, listener);
  return { encode: (pcm) => encode(flac, pcm), decode: (bytes) => decode(flac, bytes) };
}

/** Where there is `fetch` this Emscripten asks it for the file beside it, which Node's refuses; without, it reads the file. */
function withoutFetch<T>(task: () => T): T {
  const { fetch } = globalThis;
  try {
    Reflect.set(globalThis, 'fetch', undefined);
    return task();
  } finally {
    globalThis.fetch = fetch;
  }
}

function encode(flac: Flac, pcm: Int16Array): Uint8Array {
  const encoder = flac.create_libflac_encoder(SAMPLE_RATE_HZ, 1, BITS, COMPRESSION_LEVEL, pcm.length, false, 0);
  if (encoder === 0) throw new Error('libFLAC gave no encoder');
  try {
    const parts: Uint8Array[] = [];
    const status = flac.init_encoder_stream(encoder, (data: Uint8Array) => void parts.push(data.slice()));
    if (status !== STREAM_OK) throw new Error(`libFLAC refused to encode: ${status}`);
    for (let from = 0; from < pcm.length; from += scratch.length) {
      const part = pcm.subarray(from, from + scratch.length);
      scratch.set(part);
      if (!flac.FLAC__stream_encoder_process_interleaved(encoder, scratch, part.length))
        throw new Error(`libFLAC failed to encode: ${flac.FLAC__stream_encoder_get_state(encoder)}`);
    }
    if (!flac.FLAC__stream_encoder_finish(encoder)) throw new Error('libFLAC did not finish');
    return Buffer.concat(parts);
  } finally {
    flac.FLAC__stream_encoder_delete(encoder);
  }
}

function decode(flac: Flac, bytes: Uint8Array): Int16Array {
  const decoder = flac.create_libflac_decoder(true);
  if (decoder === 0) throw new Error('libFLAC gave no decoder');
  let at = 0;
  const parts: Uint8Array[] = [];
  const problems: string[] = [];
  try {
    const status = flac.init_decoder_stream(
      decoder,
      (size) => {
        const buffer = Uint8Array.from(bytes.subarray(at, at + size));
        at += buffer.length;
        return { buffer, readDataLength: buffer.length, error: false };
      },
      (channels) => void parts.push(channels[0]!.slice()),
      (_code, description) => void problems.push(String(description)),
    );
    if (status !== STREAM_OK) throw new Error(`libFLAC refused to decode: ${status}`);
    const whole = flac.FLAC__stream_decoder_process_until_end_of_stream(decoder);
    flac.FLAC__stream_decoder_finish(decoder);
    if (!whole || problems.length > 0) throw new Error(`not whole FLAC: ${problems[0] ?? 'cut short'}`);
  } finally {
    flac.FLAC__stream_decoder_delete(decoder);
  }
  const joined = Buffer.concat(parts);
  const pcm = new Int16Array(joined.length / 2);
  for (let n = 0; n < pcm.length; n += 1) pcm[n] = joined.readInt16LE(2 * n);
  return pcm;
}
