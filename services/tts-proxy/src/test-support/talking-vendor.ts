import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '@eloquence/testkit/vendors/fake-vendor';
import { FakeOpenAi } from '@eloquence/testkit/vendors/openai';
import { openaiSpeech } from '../providers/openai.ts';
import type { SpeechProvider } from '../providers/provider.ts';
import { builtinOwnVoices } from '../voices/builtin-voices.ts';
import type { ProviderId } from '../voices/voice.ts';
import { voiceHz, wordSound, wordsOf } from './word-tones.ts';

/** How a sentence goes; `after` = words spoken before; `death` takes the whole server. `lateMs`: first word so late. */
export interface Manner {
  readonly lateMs?: number;
  readonly gapMs?: number;
  readonly fault?: { readonly type: 'cut' | 'stall' | 'death'; readonly after: number };
  readonly status?: number;
  /** Its answer is a good one, with nothing to be heard in it. */
  readonly silent?: boolean;
}

export interface Telling {
  readonly text: string;
  readonly startedAtMs: number;
  /** When its socket was closed by us. */
  closedAtMs?: number;
}

/** OpenAI's speech on a real socket, saying word tones, sentence by sentence as the test wants it. */
export class TalkingVendor extends FakeOpenAi {
  /** What was asked for, in order. */
  readonly tellings: Telling[] = [];
  manner: (text: string, count: number) => Manner = () => ({});
  /** Requests open now, and the most there were at once. */
  open = 0;
  mostOpen = 0;
  readonly #lowestHz: number;

  constructor(voice: number) {
    super();
    this.#lowestHz = voiceHz[voice] as number;
  }

  get texts(): string[] {
    return this.tellings.map(({ text }) => text);
  }

  protected override async answer(exchange: Exchange): Promise<void> {
    if (exchange.request.path !== '/v1/audio/speech') return super.answer(exchange);
    const { input } = exchange.request.body as { input: string };
    const telling: Telling = { text: input, startedAtMs: performance.now() };
    this.tellings.push(telling);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    exchange.response.on('close', () => {
      this.open -= 1;
      telling.closedAtMs = performance.now();
    });
    await this.#tell(exchange, input, this.manner(input, this.tellings.length)).catch(() => undefined);
  }

  async #tell({ response, signal }: Exchange, text: string, manner: Manner): Promise<void> {
    const { lateMs = 0, gapMs = 0, fault, status, silent } = manner;
    if (lateMs > 0) await sleep(lateMs, undefined, { signal });
    if (status !== undefined) return this.fail(response, status, 'The server had an error');
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    if (silent) return void response.end(Buffer.alloc(9_600));
    for (const [index, word] of wordsOf(text).entries()) {
      if (index === fault?.after) {
        if (fault.type === 'cut') response.destroy();
        if (fault.type === 'death') void this[Symbol.asyncDispose]();
        return;
      }
      if (signal.aborted) return;
      response.write(wordSound(word, this.#lowestHz));
      await sleep(gapMs, undefined, { signal });
    }
    response.end();
  }
}

/** A provider in front of a talking vendor, by whatever name. */
export function talkingProvider(vendor: TalkingVendor, id: ProviderId, hedgeAfterMs = 400): SpeechProvider {
  const settings = { apiKey: vendor.apiKey, baseUrl: `${vendor.url}/v1`, model: 'gpt-4o-mini-tts' };
  const provider = openaiSpeech({ ...settings, voices: builtinOwnVoices.openai, hedgeAfterMs });
  return { ...provider, id, engine: { ...provider.engine, id }, identity: (voice) => `${id} ${voice.id}` };
}
