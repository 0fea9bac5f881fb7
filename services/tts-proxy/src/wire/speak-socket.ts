import { closeCodes } from '@eloquence/shared/contracts/errors';
import { speakClientMessageSchema, type SpeakClientMessage } from '@eloquence/shared/contracts/speak';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { RawData, WebSocket } from 'ws';
import { SocketCare, type SocketLimits } from './socket-care.ts';
import { SpeakSession, type SpeakSessionOptions } from './speak-session.ts';

export interface SpeakSocketOptions extends Omit<SpeakSessionOptions, 'care' | 'maxCharsPerMinute'> {
  readonly limits: SocketLimits;
  readonly requestId: string;
  /** What the client asked for, as it knows it. */
  readonly modelName: string;
}

/** Deepgram's voices have one each; ours have none. */
const NO_UUID = '00000000-0000-0000-0000-000000000000';
const MESSAGES = 'Send {"type":"Speak","text":"…"}, {"type":"Flush"}, {"type":"Clear"} or {"type":"Close"}';

/**
 * One client of `/v1/speak`: reads its messages, counts those that make no sense. It attaches its handlers before the
 * constructor returns, so that messages sent with the upgrade are not lost.
 */
export class SpeakSocket {
  readonly #options: SpeakSocketOptions;
  readonly #care: SocketCare;
  readonly #session: SpeakSession;
  #mistakes = 0;

  constructor(socket: WebSocket, options: SpeakSocketOptions) {
    this.#options = options;
    this.#care = new SocketCare(socket, options.limits);
    const { maxCharsPerMinute } = options.limits;
    this.#session = new SpeakSession({ ...options, care: this.#care, maxCharsPerMinute });
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('close', () => this.#session.close());
    // Its close follows.
    socket.on('error', () => undefined);
    this.#care.tell({
      type: 'Metadata',
      request_id: options.requestId,
      model_name: options.modelName,
      model_version: '1',
      model_uuid: NO_UUID,
    });
  }

  /** For shutdown: what is being said is said, then 1001. */
  goAway(): void {
    this.#session.goAway();
  }

  /** Closes at once. */
  close(code: number, reason: string): void {
    this.#care.close(code, reason);
    this.#session.close();
  }

  #receive(data: RawData, binary: boolean): void {
    if (!this.#care.open) return;
    this.#care.markAlive();
    try {
      this.#session.receive(decode(data as Buffer, binary));
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (error.code === 'internal') {
        this.#options.onFault(error);
        this.close(closeCodes.internal, 'internal: Something failed on our side. Connect again.');
      } else this.#mistake(error);
    }
  }

  #mistake(error: AppError): void {
    this.#mistakes += 1;
    this.#care.tell({ type: 'Warning', code: error.code, description: error.message });
    const { maxMistakes } = this.#options.limits;
    if (this.#mistakes >= maxMistakes)
      this.close(closeCodes.invalidRequest, `invalid_request: ${maxMistakes} messages made no sense`);
  }
}

/** @throws AppError `invalid_request`, which does not repeat what was sent */
function decode(data: Buffer, binary: boolean): SpeakClientMessage {
  if (binary) throw new AppError('invalid_request', `A binary message came; text is spoken here. ${MESSAGES}.`);
  let message: unknown;
  try {
    message = JSON.parse(data.toString('utf8'));
  } catch {
    throw new AppError('invalid_request', `A message is not JSON. ${MESSAGES}.`);
  }
  const parsed = speakClientMessageSchema.safeParse(message);
  if (parsed.success) return parsed.data;
  const tooLong = parsed.error.issues.some(({ code }) => code === 'too_big');
  throw tooLong
    ? new AppError(
        'payload_too_large',
        'A Speak message holds more than 2000 characters; it is not spoken. Send several.',
      )
    : new AppError('invalid_request', `A message has an unknown type or a wrong member. ${MESSAGES}.`);
}
