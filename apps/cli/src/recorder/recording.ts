import type { RecordingDocument } from '@eloquence/shared/contracts/cli-documents';
import type { AudioResponse, Coverage, SourceReport } from '@eloquence/shared/contracts/meeting-api';
import type { SessionEvent } from '@eloquence/shared/contracts/events';
import type { Session, SessionTokenResponse } from '@eloquence/shared/contracts/sessions';

/** What is captured: the machine's sound (everybody else) and the microphone. */
export type SourceId = 'them' | 'me';

/** Options of everything that waits. */
export interface Abortable {
  readonly signal: AbortSignal;
}

/** Sound for `POST /api/sessions/{id}/audio`. */
export interface AudioPiece {
  readonly speaker: string;
  /** On the session's clock. */
  readonly startMs: number;
  readonly body: Uint8Array;
  readonly contentType: 'audio/flac';
}

/**
 * What a recording asks of the server, for one session. Each function makes one attempt and throws an `AppError` when it fails:
 * trying again is the recorder's business (`retryable` tells whether it makes sense).
 */
export interface RecordingApi {
  /** `GET /api/sessions/{id}` */
  session(options: Abortable): Promise<Session>;
  /** `POST /api/sessions/{id}/token`: a fresh way into the room, always as the same person. */
  token(options: Abortable): Promise<SessionTokenResponse>;
  /** `POST /api/sessions/{id}/recording` */
  setRecording(state: 'paused' | 'recording', options: Abortable): Promise<void>;
  /** `POST /api/sessions/{id}/recording`: starts the clock of a meeting that has none, so long ago. */
  begin(agoMs: number, options: Abortable): Promise<void>;
  /** `GET /api/sessions/{id}/coverage` */
  coverage(options: Abortable): Promise<Coverage>;
  /** `POST /api/sessions/{id}/audio` */
  sendAudio(piece: AudioPiece, options: Abortable): Promise<AudioResponse>;
  /** `POST /api/sessions/{id}/sources` */
  reportSources(report: SourceReport, options: Abortable): Promise<void>;
  /** `POST /api/sessions/{id}/end`; an ended session stays ended. */
  end(options: Abortable): Promise<void>;
  /** Events from after `afterSeq` on (SSE); ends or throws when the connection does. */
  events(afterSeq: number, options: Abortable): AsyncIterable<SessionEvent>;
  /** Text of one line about a chunk for the screen, or null (`GET …/summaries`). */
  summaryLine(index: number, options: Abortable): Promise<string | null>;
}

export interface RecordingOptions {
  readonly sessionId: string;
  /** Shown on the screen. */
  readonly name: string;
  readonly language: 'fr' | 'en';
  readonly api: RecordingApi;
  /** `them`: null = not captured; a name = that device; undefined = the default one. */
  readonly devices?: { readonly them?: string | null | undefined; readonly me?: string | null | undefined } | undefined;
  /** Folder of everybody's spools; this recording's is `<spoolDir>/<sessionId>`. */
  readonly spoolDir: string;
  /** Default 2 GB. When it is full the newest sound is refused, and the screen says so. */
  readonly spoolMaxBytes?: number | undefined;
  /** Stops by itself after so long; default 4 h. */
  readonly maxDurationMs?: number | undefined;
  /** How long stopping waits until the server has heard everything; default 60 s. What is left stays on disk. */
  readonly flushTimeoutMs?: number | undefined;
  /** A source counts as silent after so long without sound while sound is to be expected; default 30 s. */
  readonly silentAfterMs?: number | undefined;
  /** Loudness (RMS, 0..1) up to which a source counts as silent; default 0: only zeros do. */
  readonly silenceThreshold?: number | undefined;
  /** `auto`: a live screen on a terminal, lines of text elsewhere. */
  readonly screen: 'auto' | 'off';
  /** Aborting = stop and report, as the key q. */
  readonly signal: AbortSignal;
  /** Deliver what an earlier run left on disk, capture nothing. */
  readonly deliverOnly?: boolean | undefined;
}

/** What a recording came to. */
export type RecordingResult = RecordingDocument;
