import { join } from 'node:path';
import { sourceOfThisMachine, type SourceOptions } from '../capture/open-source.ts';
import type { AudioSource } from '../capture/source.ts';
import { LivekitLink, type LivekitLinkOptions } from '../room/livekit-link.ts';
import type { RoomLink } from '../room/room-link.ts';
import { Spool } from '../spool/spool.ts';
import type { RecordingOptions, RecordingResult } from './recording.ts';
import { RecordingRun } from './recording-run.ts';
import { SessionLock } from './session-lock.ts';

const DEFAULT_SPOOL_BYTES = 2_000_000_000;

/** What a recording is made of on this machine; tests bring their own. */
export interface RecorderParts {
  readonly openSource: (options: SourceOptions) => AudioSource;
  readonly openRoom: (options: LivekitLinkOptions) => RoomLink;
}

const machineParts: RecorderParts = {
  openSource: (options) => sourceOfThisMachine(options),
  openRoom: (options) => new LivekitLink(options),
};

/**
 * Records until it is stopped: captures, keeps on disk, sends, shows. Then waits until the server has heard everything and ends the
 * session. What is left on disk by a crash is delivered by the next recording of the same session.
 *
 * @throws AppError when nothing can be captured, or another process records this session
 */
export async function record(options: RecordingOptions, parts: RecorderParts = machineParts): Promise<RecordingResult> {
  options.signal.throwIfAborted();
  using locks = new DisposableStack();
  locks.use(SessionLock.take(options.spoolDir, options.sessionId));
  const spool = await Spool.open({
    folder: join(options.spoolDir, options.sessionId),
    maxBytes: options.spoolMaxBytes ?? DEFAULT_SPOOL_BYTES,
  });
  try {
    return await new RecordingRun(options, parts, spool).run();
  } finally {
    await spool.close();
  }
}
