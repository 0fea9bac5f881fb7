import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { findProgram } from '@eloquence/testkit/processes';
import type { Exchange } from '@eloquence/testkit/vendors/fake-vendor';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';

/** A sentence by espeak-ng as s16le mono 24 kHz, so much louder or quieter. */
export function espeakPcm(text: string, voice: string, db = 0): Buffer {
  const spoken = execFileSync(findProgram('espeak-ng'), ['-v', voice, '--stdout', text], { maxBuffer: 50_000_000 });
  const to = ['-f', 's16le', '-ar', String(TTS_SAMPLE_RATE_HZ), '-ac', '1'];
  const args = ['-loglevel', 'error', '-i', 'pipe:0', '-af', `volume=${db}dB`, ...to, 'pipe:1'];
  return execFileSync(findProgram('ffmpeg'), args, { input: spoken, maxBuffer: 50_000_000 });
}

/** Pieces of 20 ms. */
const PIECE_BYTES = (TTS_SAMPLE_RATE_HZ / 50) * 2;

/** OpenAI's speech wire with a voice that takes its time as a streaming model does. */
export class PacedVoice extends FakeOpenAi {
  /** s16le mono 24 kHz of a text. */
  soundOf: (text: string) => Buffer = () => this.speech;
  /** Time to think before the first byte. */
  thinkMs: (text: string) => number = () => 0;
  /** Sound made per second of clock. */
  timesRealtime = Infinity;

  protected override async answer(exchange: Exchange): Promise<void> {
    if (exchange.request.path !== '/v1/audio/speech') return super.answer(exchange);
    const { response, signal, request } = exchange;
    const { input } = request.body as { input: string };
    const startedMs = performance.now() + this.thinkMs(input);
    const sound = this.soundOf(input);
    for (let at = 0; at < sound.length && !signal.aborted; at += PIECE_BYTES) {
      const dueMs = startedMs + (at / PIECE_BYTES) * (20 / this.timesRealtime);
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (at === 0) response.writeHead(200, { 'content-type': 'audio/pcm' });
      response.write(sound.subarray(at, at + PIECE_BYTES));
    }
    response.end();
  }
}
