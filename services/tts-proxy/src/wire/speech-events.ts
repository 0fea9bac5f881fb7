import type { SpeechEvent } from '@eloquence/shared/contracts/tts';
import { AppError, isAbort, toProblem } from '@eloquence/shared/runtime/errors';

/**
 * `stream_format: "sse"`: the bytes of the format as `speech.audio.delta`, then `speech.audio.done`. When the voice breaks
 * off, an event `error` goes out and the stream is cut: some clients (LiveKit's for Python) read nothing but deltas, and
 * would take what there is for the whole.
 *
 * @throws the bytes' error
 */
export async function* speechEvents(bytes: AsyncIterable<Buffer>, requestId: string): AsyncGenerator<string> {
  try {
    for await (const chunk of bytes) yield line({ type: 'speech.audio.delta', audio: chunk.toString('base64') });
  } catch (error) {
    if (!isAbort(error)) yield `event: error\ndata: ${JSON.stringify(toProblem(AppError.from(error), requestId))}\n\n`;
    // What was yielded is written before the cut.
    await new Promise((resolve) => setImmediate(resolve));
    throw error;
  }
  yield line({ type: 'speech.audio.done', usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } });
}

const line = (event: SpeechEvent) => `data: ${JSON.stringify(event)}\n\n`;
