import type { Level } from '../capture/level.ts';
import type { SourceHealth } from '../capture/source.ts';
import type { SourceId } from '../recorder/recording.ts';
import type { RoomState } from '../room/room-link.ts';

export interface SourceView {
  readonly source: SourceId;
  readonly device: string;
  readonly level: Level;
  readonly health: SourceHealth;
  /** Silent although sound is to be expected. */
  readonly alarmed: boolean;
}

/** What a recording is doing. */
export type Phase = 'starting' | 'recording' | 'paused' | 'finishing';

/** Everything the screen shows, at one moment. */
export interface ScreenState {
  readonly name: string;
  readonly sessionId: string;
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly pausedMs: number;
  readonly sources: readonly SourceView[];
  readonly room: RoomState;
  /** The server answers. */
  readonly serverThere: boolean;
  /** Sound on disk that the server has not heard, ms. */
  readonly waitingMs: number;
  readonly spoolBytes: number;
  readonly spoolFull: boolean;
  readonly words: number;
  readonly lastSummary: string | null;
  readonly clockAccuracyMs: number | null;
  readonly rssBytes: number;
}

/** What is worth a line where there is no live screen. */
export type ScreenEvent =
  | { readonly type: 'started'; readonly devices: Readonly<Record<string, string>> }
  | { readonly type: 'paused' | 'continued' | 'spool_full' | 'spool_room' | 'server_away' | 'server_back' }
  | { readonly type: 'room_connected' | 'room_away' }
  | { readonly type: 'source_away'; readonly source: SourceId; readonly problem: string }
  | { readonly type: 'source_back' | 'silent' | 'sound_again'; readonly source: SourceId }
  | { readonly type: 'summary'; readonly text: string }
  | { readonly type: 'refused'; readonly problem: string }
  | { readonly type: 'finishing'; readonly waitingMs: number };
