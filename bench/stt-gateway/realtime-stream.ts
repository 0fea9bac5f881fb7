import { resample } from '@eloquence/testkit/resample';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { onRefusal } from './listen-stream.ts';
import { KEY } from './processes.ts';
import type { Utterance } from './speech-loop.ts';

const RATE_HZ = 24_000;
const eventSchema = z.looseObject({ type: z.string() });

/** The frames as `/v1/realtime` has them: 24 kHz in base64 in JSON. Made beforehand: the measured time must not be ours. */
export function asEvents(frames: Utterance): string[] {
  return frames.map((frame) => {
    const pcm = new Int16Array(frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.byteLength));
    const audio = Buffer.from(resample(pcm, 16_000, RATE_HZ).buffer).toString('base64');
    return JSON.stringify({ type: 'input_audio_buffer.append', audio });
  });
}

/** A client of `/v1/realtime` that ends turns itself. */
export class RealtimeStream {
  readonly #socket: WebSocket;
  frames = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /**
   * @param onFinal the answer to a commit has come
   * @throws RefusedError
   */
  static async open(url: string, onFinal: () => void): Promise<RealtimeStream> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime?intent=transcription`, {
      headers: { authorization: `Bearer ${KEY}` },
      perMessageDeflate: false,
    });
    const updated = Promise.withResolvers<void>();
    socket.on('error', updated.reject);
    onRefusal(socket, performance.now(), updated.reject);
    socket.on('message', (data) => {
      const { type } = eventSchema.parse(JSON.parse((data as Buffer).toString()));
      if (type === 'session.updated') updated.resolve();
      else if (type === 'conversation.item.input_audio_transcription.completed') onFinal();
      else if (type === 'error') process.stderr.write(`the gateway said ${(data as Buffer).toString()}\n`);
    });
    socket.on('open', () => {
      const input = {
        format: { type: 'audio/pcm', rate: RATE_HZ },
        transcription: { model: 'whisper', language: 'fr' },
        turn_detection: null,
      };
      const session = { type: 'transcription', audio: { input } };
      socket.send(JSON.stringify({ type: 'session.update', session }));
    });
    await updated.promise;
    return new RealtimeStream(socket);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(frame: string): void {
    this.frames += 1;
    this.#socket.send(frame);
  }

  finalize(): void {
    this.#socket.send('{"type":"input_audio_buffer.commit"}');
  }

  close(): void {
    this.#socket.terminate();
  }
}
