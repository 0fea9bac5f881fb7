import type { Engine } from '@eloquence/shared/contracts/engine';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Speech, SpeechOpener, SpeechOptions } from '../speech/speech.ts';

/** A whole text being spoken, from its first sound on. */
export interface SpeechAnswer {
  /** Of its first sentence. */
  readonly engine: Engine;
  readonly cached: boolean;
  /** s16 mono 24 kHz. Throws when a voice breaks off: an answer with a hole in it must not look whole. */
  readonly samples: AsyncIterable<Int16Array>;
}

/**
 * Speaks a text that is known whole; resolves with its first sound, so that whatever goes wrong before can still be answered
 * with its status.
 *
 * @throws AppError of the opener or of the voices; the signal's reason after an abort
 */
export async function answerWith(
  opener: SpeechOpener,
  text: string,
  options: SpeechOptions,
  signal: AbortSignal,
): Promise<SpeechAnswer> {
  const speech = await opener.open(options, signal);
  try {
    speech.write(text);
    speech.end();
    return await begun(speech);
  } catch (error) {
    speech.close();
    throw error;
  }
}

async function begun(speech: Speech): Promise<SpeechAnswer> {
  const pieces = speech.pieces[Symbol.asyncIterator]();
  let sentence: { readonly engine: Engine; readonly cached: boolean } | undefined;
  for (;;) {
    const { done, value: piece } = await pieces.next();
    if (done) throw new AppError('upstream_failed', 'The voice made no sound.');
    if (piece.type === 'broken' && isHole(piece.error)) throw piece.error;
    // The first to be heard, should one have been silent.
    if (piece.type === 'sentence') sentence = piece;
    if (piece.type === 'audio' && sentence)
      return { engine: sentence.engine, cached: sentence.cached, samples: rest(speech, pieces, piece.samples) };
  }
}

async function* rest(
  speech: Speech,
  pieces: AsyncIterator<Speech['pieces'] extends AsyncIterable<infer Piece> ? Piece : never>,
  first: Int16Array,
): AsyncGenerator<Int16Array> {
  try {
    yield first;
    for (;;) {
      const { done, value: piece } = await pieces.next();
      if (done) return;
      if (piece.type === 'broken' && isHole(piece.error)) throw piece.error;
      if (piece.type === 'audio') yield piece.samples;
    }
  } finally {
    speech.close();
  }
}

/** What no voice can speak is left out, as emoji are; what a voice did not bring to its end is a hole. */
function isHole({ code }: AppError): boolean {
  return code !== 'invalid_request';
}
