import type { Interval } from '@eloquence/shared/runtime/spans';
import type { Frame } from '../capture/source.ts';
import type { SourceId } from '../recorder/recording.ts';

export type RoomState =
  | { readonly kind: 'connecting' }
  /** `scribe`: somebody who writes is in the room. */
  | { readonly kind: 'connected'; readonly scribe: boolean }
  | { readonly kind: 'away'; readonly problem: string };

/** The way of the sound into the meeting's room. */
export interface RoomLink {
  readonly state: RoomState;
  /** Sends a frame if there is a room; never waits, keeps nothing. True: somebody is there who writes. */
  send(source: SourceId, frame: Frame): boolean;
  /** Stretches that went into a room with a scribe, on this machine's clock; those of the last 15 minutes. */
  carried(source: SourceId): readonly Interval[];
  /** Joins, and joins again whenever the connection is lost, until the signal aborts; then leaves. */
  run(signal: AbortSignal): Promise<void>;
}
