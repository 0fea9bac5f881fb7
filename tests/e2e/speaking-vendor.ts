import { setTimeout as sleep } from 'node:timers/promises';
import { resample } from '@eloquence/testkit/resample';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import type { Exchange } from '@eloquence/testkit/vendors/fake-vendor';

const RATE_HZ = 24_000;
const PIECE_S = 0.1;
/** A hosted voice is made about so much faster than it is heard. */
const TIMES_REALTIME = 2;

/** A hosted voice whose words can be understood: OpenAI's speech endpoint with espeak-ng behind it, made at twice real time. */
export class SpeakingVendor extends FakeOpenAi {
  /** Texts asked for, and how much of each has been sent, s. */
  readonly spoken: { readonly text: string; sentS: number }[] = [];

  protected override async answer(exchange: Exchange): Promise<void> {
    if (exchange.request.path !== '/v1/audio/speech') return super.answer(exchange);
    const { response, request, signal } = exchange;
    const { input } = request.body as { readonly input: string };
    const entry = { text: input, sentS: 0 };
    this.spoken.push(entry);
    const pcm = resample(await synthesize(input), 16_000, RATE_HZ);
    const bytes = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    const pieceBytes = RATE_HZ * PIECE_S * 2;
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    for (let at = 0; at < bytes.length && !signal.aborted; at += pieceBytes) {
      response.write(bytes.subarray(at, at + pieceBytes));
      entry.sentS += PIECE_S;
      await sleep((PIECE_S * 1000) / TIMES_REALTIME);
    }
    response.end();
  }
}
