import type { RecordingOptions, RecordingResult } from './recording.ts';

/**
 * Records until it is stopped: captures, spools, sends, shows. Ends the session when it stops.
 * @throws AppError when nothing can be captured, or another process records this session
 */
export async function record(options: RecordingOptions): Promise<RecordingResult> {
  options.signal.throwIfAborted();
  throw new Error('the recorder is being written');
}
