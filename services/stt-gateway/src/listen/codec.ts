import { listenControlSchema, type ListenControl, type ListenMessage } from '@eloquence/shared/contracts/stt';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { SessionEvent, TimedWord, Transcript } from '../session/session-events.ts';

/** What the Deepgram-shaped wire repeats in its messages. */
export interface WireContext {
  readonly requestId: string;
  readonly model: string;
  readonly vadEvents: boolean;
}

const CHANNEL = [0, 1];
/** Deepgram's clients parse a model into every Results; ours has no version of its own. */
const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** One session event in Deepgram's words; undefined when this client did not ask for such. */
export function encode(event: SessionEvent, context: WireContext): ListenMessage | undefined {
  switch (event.type) {
    case 'speech.started':
      if (!context.vadEvents || event.continues) return undefined;
      return { type: 'SpeechStarted', channel: CHANNEL, timestamp: event.atS };
    case 'speech.ended':
      return undefined;
    case 'transcript.interim':
      return results(event.transcript, { is_final: false, speech_final: false }, context);
    case 'transcript.final': {
      const flags = { is_final: true, speech_final: event.pause, from_finalize: event.fromFinalize };
      return results(event.transcript, flags, context);
    }
    case 'utterance.ended':
      return { type: 'UtteranceEnd', channel: CHANNEL, last_word_end: event.lastWordEndS };
    case 'utterance.lost':
      return {
        ...encodeError(event.error, 'What was said could not be transcribed and is lost. '),
        start: event.startS,
        duration: seconds(event.endS - event.startS),
      };
  }
}

/** A soft problem: the socket stays open. `variant` is Deepgram's; code and retryable are ours. */
export function encodeError(error: AppError, before = ''): Extract<ListenMessage, { type: 'Error' }> {
  return {
    type: 'Error',
    variant: error.code === 'invalid_request' ? 'SchemaError' : 'TranscriptionError',
    code: error.code,
    description: before + error.message,
    retryable: error.retryable,
  };
}

/** The closing message. */
export function encodeMetadata(context: WireContext, durationS: number, createdAt: Date): ListenMessage {
  return {
    type: 'Metadata',
    transaction_key: 'deprecated',
    request_id: context.requestId,
    sha256: '',
    created: createdAt.toISOString(),
    duration: durationS,
    channels: 1,
  };
}

const CONTROLS = 'Send {"type": "KeepAlive" | "Finalize" | "CloseStream" | "Configure"}';

/**
 * What a text frame asks for.
 *
 * @throws AppError `invalid_request`
 */
export function decodeControl(text: string): ListenControl {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new AppError('invalid_request', `A text frame is not JSON. ${CONTROLS}; audio goes in binary frames.`);
  }
  const parsed = listenControlSchema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_request', `A text frame has an unknown type or a wrong member. ${CONTROLS}.`);
}

interface Flags {
  readonly is_final: boolean;
  readonly speech_final: boolean;
  readonly from_finalize?: boolean;
}

function results(transcript: Transcript, flags: Flags, context: WireContext): ListenMessage {
  const { text, startS, endS, confidence, words, language } = transcript;
  return {
    type: 'Results',
    channel_index: [0, 1],
    start: startS,
    duration: seconds(endS - startS),
    ...flags,
    channel: {
      alternatives: [
        {
          transcript: text,
          confidence,
          words: words.map(encodeWord),
          ...(language && { languages: [language] }),
        },
      ],
    },
    metadata: {
      request_id: context.requestId,
      model_uuid: NO_UUID,
      model_info: { name: context.model, version: '1', arch: 'whisper' },
    },
  };
}

function encodeWord(word: TimedWord) {
  return {
    // Deepgram's `word` is bare, with the apostrophes and hyphens that belong to it.
    word: word.word.toLowerCase().replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}']+$/gu, ''),
    punctuated_word: word.word,
    start: word.startS,
    end: word.endS,
    confidence: word.probability,
  };
}

function seconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}
