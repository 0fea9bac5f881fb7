import { Agent, request, type IncomingMessage } from 'node:http';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';

/** Who is asked to speak. */
export interface Target {
  readonly url: string;
  readonly key: string;
}

export interface Heard {
  readonly firstByteMs: number;
  /** When the first sample that can be heard would be played, by a player that begins with the first byte. */
  readonly firstAudibleMs: number;
  readonly totalMs: number;
  readonly pcm: Int16Array;
  /** Who spoke, and whether from the cache. */
  readonly headers: IncomingMessage['headers'];
}

/** -46 dB of full scale. */
const AUDIBLE = 164;
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** What a stream of s16 mono 24 kHz sounds like to who hears it from `startedMs` on. */
export class Listener {
  readonly #startedMs = performance.now();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #firstByteMs = Infinity;
  #firstAudibleMs = Infinity;

  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  get firstByteMs(): number {
    return this.#firstByteMs;
  }

  get firstAudibleMs(): number {
    return this.#firstAudibleMs;
  }

  get pcm(): Int16Array {
    const all = Buffer.concat(this.#chunks);
    return new Int16Array(all.buffer.slice(all.byteOffset, all.byteOffset + (all.length & ~1)));
  }

  push(chunk: Buffer): void {
    const nowMs = this.elapsedMs;
    if (this.#bytes === 0) this.#firstByteMs = nowMs;
    this.#chunks.push(chunk);
    if (this.#firstAudibleMs === Infinity) this.#listen(chunk, nowMs);
    this.#bytes += chunk.length;
  }

  #listen(chunk: Buffer, nowMs: number): void {
    for (let at = this.#bytes % 2; at + 1 < chunk.length; at += 2) {
      if (Math.abs(chunk.readInt16LE(at)) <= AUDIBLE) continue;
      const playedMs = this.#firstByteMs + ((this.#bytes + at) / 2 / TTS_SAMPLE_RATE_HZ) * 1000;
      this.#firstAudibleMs = Math.max(nowMs, playedMs);
      return;
    }
  }
}

/**
 * Asks for speech as pcm and listens to it, on a connection kept open.
 *
 * @throws Error with what was answered when that was not sound
 */
export function ask(target: Target, body: object, options: { readonly signal?: AbortSignal } = {}): Promise<Heard> {
  const bytes = Buffer.from(
    JSON.stringify({ model: 'gpt-4o-mini-tts', response_format: 'pcm', voice: 'coral', ...body }),
  );
  const listener = new Listener();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${target.key}`,
      'content-type': 'application/json',
      'content-length': bytes.length,
    };
    const asked = request(
      `${target.url}/v1/audio/speech`,
      { method: 'POST', agent, headers, ...options },
      (response) => {
        response.on('error', reject);
        const refused: Buffer[] = [];
        response.on('data', (chunk: Buffer) =>
          response.statusCode === 200 ? listener.push(chunk) : refused.push(chunk),
        );
        response.on('end', () => {
          if (response.statusCode !== 200)
            return reject(new Error(`${response.statusCode}: ${refused.join('').slice(0, 300)}`));
          const { firstByteMs, firstAudibleMs, elapsedMs: totalMs, pcm } = listener;
          return resolve({ firstByteMs, firstAudibleMs, totalMs, pcm, headers: response.headers });
        });
      },
    );
    asked.on('error', reject);
    asked.setNoDelay(true);
    asked.end(bytes);
  });
}
