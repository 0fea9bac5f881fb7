import { Agent, request as httpRequest, type ClientRequest } from 'node:http';

/** One connection per stream that is open at once, kept between them. */
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** Of a usual length for a coach; the same for all, as prompts of a scenario are. */
const INSTRUCTIONS = 'Tu es un coach de la voix. Tu réponds en français, en deux phrases, sans liste. '.repeat(20);

/** Now, in ns of the clock all processes of a machine share. */
export const nowNs = (): number => Number(process.hrtime.bigint());

export interface Target {
  /** `…/v1/chat/completions`. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Token {
  /** When the model sent it and when it came, ns. */
  readonly sentNs: number;
  readonly cameNs: number;
}

export interface Streamed {
  readonly startedNs: number;
  readonly tokens: readonly Token[];
  readonly status: number;
  /** True when it ended as it should. */
  readonly done: boolean;
}

export interface ChatStreamOptions {
  /** Ends the last message, for the model to tell streams apart. */
  readonly name?: string;
  readonly onToken?: (count: number) => void;
}

/** A streamed answer, read with as little work as can be: what is measured is the proxy. */
export class ChatStream {
  readonly ended: Promise<Streamed>;
  readonly #request: ClientRequest;
  readonly #tokens: Token[] = [];
  readonly #startedNs: number;
  #rest = '';
  #done = false;

  constructor(target: Target, { name = 'none', onToken }: ChatStreamOptions = {}) {
    const body = JSON.stringify({
      model: target.model,
      stream: true,
      messages: [
        { role: 'system', content: INSTRUCTIONS },
        { role: 'user', content: `Donnez-moi un conseil #${name}` },
      ],
    });
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${target.key}`,
      ...target.headers,
    };
    this.#startedNs = nowNs();
    this.#request = httpRequest(target.url, { method: 'POST', headers, agent });
    this.ended = new Promise((resolve) => {
      const end = (status: number) =>
        resolve({ startedNs: this.#startedNs, tokens: this.#tokens, status, done: this.#done });
      this.#request.on('error', () => end(0));
      this.#request.on('response', (response) => {
        response.on('data', (data: Buffer) => this.#read(data, onToken));
        response.on('close', () => end(response.statusCode ?? 0));
        response.on('error', () => undefined);
      });
    });
    this.#request.end(body);
  }

  /** Hangs up. */
  abort(): void {
    this.#request.destroy();
  }

  #read(data: Buffer, onToken: ((count: number) => void) | undefined): void {
    const cameNs = nowNs();
    const lines = (this.#rest + data.toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'data: [DONE]') this.#done = true;
      const sent = /"content":" (\d+)"/.exec(line)?.[1];
      if (sent === undefined) continue;
      this.#tokens.push({ sentNs: Number(sent), cameNs });
      onToken?.(this.#tokens.length);
    }
  }
}

/** From asking to the first token, ms. */
export function firstTokenMs({ startedNs, tokens }: Streamed): number {
  return ((tokens[0]?.cameNs ?? Number.NaN) - startedNs) / 1e6;
}

/** From the model's sending to the caller's receiving of each token, ms. */
export function tokenMs({ tokens }: Streamed): number[] {
  return tokens.map(({ sentNs, cameNs }) => (cameNs - sentNs) / 1e6);
}
