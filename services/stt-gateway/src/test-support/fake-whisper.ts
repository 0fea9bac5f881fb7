import { FakeVendor, type Exchange } from '@eloquence/testkit/vendors/fake-vendor';
import { scriptedEar, type Ear } from '@eloquence/testkit/vendors/word-ear';

/** whisper-stt's transcription route with a vendor's ways to misbehave, for the suite all engines share. */
export class FakeWhisper extends FakeVendor {
  readonly apiKey = 'key-of-whisper-0123';
  ear: Ear = scriptedEar(['bonjour madame']);

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers.authorization !== `Bearer ${this.apiKey}`)
      return this.fail(response, 401, 'The key is missing or wrong.');
    if (request.path === '/ready')
      return this.json(response, 200, { status: 'ok', checks: [], engine: { id: 'fake', label: 'fake', demo: true } });
    const { bytes } = request;
    const pcm = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const words = this.ear(pcm);
    const answer = JSON.stringify({
      task: 'transcribe',
      language: request.query.get('language') ?? 'fr',
      duration: pcm.length / 16_000,
      text: words.map(({ word }) => word).join(' '),
      words: words.map(({ word, startS, endS }) => ({ word, start: startS, end: endS, probability: 0.9 })),
    });
    response.writeHead(200, { 'content-type': 'application/json' });
    await this.stream(exchange, [answer.slice(0, answer.length / 2), answer.slice(answer.length / 2)]);
  }

  protected override errorBody(_status: number, message: string): unknown {
    return { detail: message };
  }

  protected override contentType(): string {
    return 'application/json';
  }
}
