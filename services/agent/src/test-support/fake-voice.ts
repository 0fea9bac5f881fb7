import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  speakClientMessageSchema,
  speakQuerySchema,
  type SpeakClientMessage,
  type SpeakServerMessage,
} from '@eloquence/shared/contracts/speak';
import { speechRequestSchema, type SpeechRequest } from '@eloquence/shared/contracts/tts';
import { WebSocketServer, type WebSocket } from 'ws';

/** A socket as the fake sees it. */
export interface FakeSpeech {
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly socket: WebSocket;
  readonly messages: SpeakClientMessage[];
  /** Text of the answer that is being given, without what was flushed before. */
  text: string;
  closed: boolean;
}

/** What the fake does with a message; the default speaks at each flush. */
export type Behaviour = (speech: FakeSpeech, message: SpeakClientMessage, voice: FakeVoice) => void;

/** Stands where tts-proxy stands: `/v1/speak` over a real socket, a tone per sentence; and `/v1/audio/speech`. */
export class FakeVoice implements AsyncDisposable {
  readonly speeches: FakeSpeech[] = [];
  /** Answers asked for in whole. */
  readonly inputs: string[] = [];
  /** `POST /v1/audio/speech`. */
  readonly requests: SpeechRequest[] = [];
  behaviour: Behaviour = (speech, message, voice) => voice.speakAtFlush(speech, message);
  /** Upgrades are answered with this status and body. */
  refusal: { readonly status: number; readonly body: string } | undefined;
  /** While true connections are cut before they open, as those to a service that restarts. */
  down = false;
  refused = 0;
  readonly #server: Server;
  readonly #msPerCharacter: number;

  private constructor(server: Server, msPerCharacter: number) {
    this.#server = server;
    this.#msPerCharacter = msPerCharacter;
  }

  static async start(msPerCharacter = 60): Promise<FakeVoice> {
    const server = createServer((request, response) => void voice.#answer(request, response));
    const voice = new FakeVoice(server, msPerCharacter);
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      const { refusal } = voice;
      if (voice.down || refusal) voice.refused += 1;
      if (voice.down) return socket.destroy();
      if (!refusal) return sockets.handleUpgrade(request, socket, head, (open) => voice.#serve(open, request));
      const length = Buffer.byteLength(refusal.body);
      socket.end(
        `HTTP/1.1 ${refusal.status} No\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${refusal.body}`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return voice;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sockets that are open now. */
  get open(): readonly FakeSpeech[] {
    return this.speeches.filter(({ closed }) => !closed);
  }

  /** Sentence by sentence: its announcement, its tone; `Flushed` after all. */
  speakAtFlush(speech: FakeSpeech, message: SpeakClientMessage): void {
    if (message.type === 'Speak') speech.text += message.text;
    if (message.type !== 'Flush') return;
    this.inputs.push(speech.text);
    for (const text of speech.text.match(/[^.!?]+[.!?]*\s*/gu) ?? []) {
      this.tell(speech, { type: 'Sentence', text, engine: 'fake' });
      speech.socket.send(tone(text.length * this.#msPerCharacter));
    }
    speech.text = '';
    this.tell(speech, { type: 'Flushed', sequence_id: 0 });
  }

  tell(speech: FakeSpeech, message: SpeakServerMessage): void {
    speech.socket.send(JSON.stringify(message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.speeches) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/health') return void response.end('{"status":"ok"}');
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    this.requests.push(speechRequestSchema.parse(JSON.parse(body)));
    if (this.down) response.writeHead(503);
    response.end(tone(100));
  }

  #serve(socket: WebSocket, request: IncomingMessage): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    speakQuerySchema.parse(Object.fromEntries(url.searchParams));
    const { authorization } = request.headers;
    const speech: FakeSpeech = { url, authorization, socket, messages: [], text: '', closed: false };
    this.speeches.push(speech);
    socket.on('message', (data) => {
      const message = speakClientMessageSchema.parse(JSON.parse((data as Buffer).toString()));
      speech.messages.push(message);
      this.behaviour(speech, message, this);
    });
    socket.on('close', () => {
      speech.closed = true;
    });
  }
}

/** 24 kHz s16le: a tone, so that a recording of the call shows where the agent spoke. */
function tone(lengthMs: number): Buffer {
  const samples = Int16Array.from({ length: Math.round(lengthMs * 24) }, (_, at) =>
    Math.round(9_000 * Math.sin((2 * Math.PI * 440 * at) / 24_000)),
  );
  return Buffer.from(samples.buffer);
}
