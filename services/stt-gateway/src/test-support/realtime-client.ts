import { realtimeServerEventSchema, type RealtimeServerEvent } from '@eloquence/shared/contracts/stt-realtime';
import { WebSocket, type ClientOptions } from 'ws';
import { KEY } from './gateway.ts';
import { SocketClient } from './socket-client.ts';

/** A client of `/v1/realtime` that checks every event against the contract and keeps it. */
export class RealtimeClient extends SocketClient<RealtimeServerEvent> {
  private constructor(socket: WebSocket) {
    super(socket, realtimeServerEventSchema);
  }

  /** Opens and, unless `input` is null, sets the session up as LiveKit's plugins do. @throws when the upgrade is refused */
  static async open(url: string, input: object | null = {}, options: ClientOptions = {}): Promise<RealtimeClient> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime?intent=transcription`, {
      headers: { authorization: `Bearer ${KEY}` },
      ...options,
    });
    const client = new RealtimeClient(socket);
    await client.opened;
    if (input) client.update({ transcription: { model: 'gpt-4o-mini-transcribe', language: 'fr' }, ...input });
    return client;
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event));
  }

  /** `session.update` of the audio input. */
  update(input: object): void {
    this.send({ type: 'session.update', session: { type: 'transcription', audio: { input } } });
  }

  commit(): void {
    this.send({ type: 'input_audio_buffer.commit' });
  }

  get completed() {
    return this.of('conversation.item.input_audio_transcription.completed');
  }

  get deltas() {
    return this.of('conversation.item.input_audio_transcription.delta');
  }

  /** Names of the events so far, without what comes with every one. */
  get names(): string[] {
    return this.messages.map(({ type }) => type.replace(/^(input_audio_buffer|conversation\.item)\./, ''));
  }

  protected override sendAudio(frame: Buffer): void {
    this.send({ type: 'input_audio_buffer.append', audio: frame.toString('base64') });
  }
}
