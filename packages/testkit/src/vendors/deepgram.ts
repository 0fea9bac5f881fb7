import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { loadSpec } from '../spec-validator.ts';
import { parseWav } from '../wav.ts';
import { FakeVendor, type Exchange } from './fake-vendor.ts';
import { FakeDeepgramStream, REQUEST_ID } from './deepgram-stream.ts';
import { scriptedEar, type Ear } from './word-ear.ts';

const RATE_HZ = 16_000;

/**
 * Deepgram: the `/v1/listen` socket, which hears with `ear` while it is spoken to, and the recording API at the same
 * path. On the socket the modes mean: `slow` answers late, `cut` destroys it in the middle of a message, `stall` takes
 * audio and says nothing, `garbage` sends what is no JSON; `error`, `rate_limited` refuse the upgrade.
 */
export class FakeDeepgram extends FakeVendor {
  readonly apiKey = 'fake-deepgram-key';
  ear: Ear = scriptedEar(['bonjour madame', 'merci beaucoup']);
  /** Without audio or KeepAlive for so long a socket is closed, as the real one does after 10 s. */
  idleMs = 10_000;
  /** Every socket there was, oldest first. */
  readonly streams: FakeDeepgramStream[] = [];
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  constructor() {
    super();
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** Pulls the plug of every open socket. */
  cutStreams(): void {
    for (const stream of this.streams) stream.cut();
  }

  override note(what: string, faults: readonly string[] | undefined): boolean {
    return super.note(what, faults);
  }

  protected override async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (request.headers.authorization !== `Token ${this.apiKey}`)
      return this.fail(response, 401, 'Invalid credentials.');
    if (request.path === '/v1/projects') return this.json(response, 200, { projects: [] });
    if (request.path !== '/v1/listen' || request.method !== 'POST') return this.fail(response, 404, 'Not found.');
    const spec = loadSpec('deepgram.openapi.yml');
    this.note('listen query', queryFaults(request.query));
    const pcm = parseWav(request.bytes, 'recording');
    const words = this.ear(pcm);
    const language = request.query.get('language') ?? 'en';
    const answer = {
      metadata: {
        transaction_key: 'deprecated',
        request_id: REQUEST_ID,
        sha256: '0'.repeat(64),
        created: new Date().toISOString(),
        duration: pcm.length / RATE_HZ,
        channels: 1,
        models: [REQUEST_ID],
        model_info: {},
      },
      results: {
        channels: [
          {
            alternatives: [
              {
                transcript: words.map(({ word }) => word).join(' '),
                confidence: 0.95,
                words: words.map(({ word, startS, endS }) => ({
                  word: word.toLowerCase(),
                  punctuated_word: word,
                  start: startS,
                  end: endS,
                  confidence: 0.95,
                })),
                ...(language === 'multi' && { languages: ['fr'] }),
              },
            ],
          },
        ],
      },
    };
    this.note('listen answer', spec?.schemaFaults('ListenV1Response', answer));
    response.writeHead(200, { 'content-type': 'application/json' });
    const text = JSON.stringify(answer);
    await this.stream(exchange, [text.slice(0, text.length / 2), text.slice(text.length / 2)]);
  }

  protected override errorBody(_status: number, message: string): unknown {
    return { err_code: 'ERROR', err_msg: message, request_id: REQUEST_ID };
  }

  protected override contentType(): string {
    return 'application/json';
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.cutStreams();
    await super[Symbol.asyncDispose]();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { mode } = this;
    const refuse = (status: number, headers = '') =>
      socket.end(`HTTP/1.1 ${status} Refused\r\n${headers}connection: close\r\ncontent-length: 0\r\n\r\n`);
    if (mode.type === 'error') refuse(mode.status);
    else if (mode.type === 'rate_limited') refuse(429, `retry-after: ${mode.retryAfterS}\r\n`);
    else if (mode.type === 'wrong_type') refuse(200);
    else if (request.headers.authorization !== `Token ${this.apiKey}`) refuse(401);
    else
      this.#sockets.handleUpgrade(request, socket, head, (client: WebSocket) => {
        const query = new URL(request.url ?? '/', 'http://fake').searchParams;
        this.note('stream query', queryFaults(query));
        this.streams.push(new FakeDeepgramStream(client, query, this));
      });
  }
}

/** Rules of the query that the document has and that matter to us; a member is a string in a URL, whatever its type. */
function queryFaults(query: URLSearchParams): string[] {
  const spec = loadSpec('deepgram.asyncapi.yml');
  const faults = [...new Set(query.keys())].flatMap((name) => {
    const known = spec?.has(['channels', '/v1/listen', 'bindings', 'ws', 'query', 'properties', name]) ?? true;
    return known ? [] : [`${name}: is no member`];
  });
  const check = (name: string, schema: string) => {
    const value = query.get(name);
    return value === null ? [] : (spec?.schemaFaults(schema, value) ?? []);
  };
  return [
    ...faults,
    ...check('model', 'ListenV1Model'),
    ...check('encoding', 'ListenV1Encoding'),
    ...check('interim_results', 'ListenV1InterimResults'),
    ...check('vad_events', 'ListenV1VadEvents'),
    ...check('smart_format', 'ListenV1SmartFormat'),
    ...check('punctuate', 'ListenV1Punctuate'),
    ...(Number(query.get('utterance_end_ms') ?? 1000) < 1000 ? ['utterance_end_ms: is below 1000'] : []),
  ];
}
