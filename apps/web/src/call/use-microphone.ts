import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { RoomEvent } from 'livekit-client';
import { meterTrack } from '../audio/level-meter.ts';
import { microphoneObstacle, openMicrophone } from '../audio/microphone.ts';
import { micFailureOf } from '../problem.ts';
import type { MicFailure } from '../problem.ts';
import { writeMicrophoneId } from '../storage.ts';
import type { MicState } from './notice.ts';
import type { RoomLink } from './room-link.ts';

/** A microphone that has only sent zeros for this long is held by another program or switched off. */
const SILENT_AFTER_MS = 5_000;
const CHECK_EVERY_MS = 250;

export interface CallMicrophone {
  readonly state: MicState;
  /** The track being sent, for meters. */
  readonly track: MediaStreamTrack | null;
  readonly setMuted: (muted: boolean) => void;
  /** Opens a microphone (again), or another one. Call it from a tap. */
  readonly open: (deviceId?: string) => void;
}

interface MicrophoneOptions {
  readonly link: RoomLink;
  readonly connected: boolean;
  /** The assistant waits for the person: silence now means something. */
  readonly awaited: boolean;
  /** The track of the pre-flight, reused so that nobody is asked twice. */
  readonly track: MediaStreamTrack | null;
  readonly failure: MicFailure | null;
  /** Open one on joining: the call was a spoken one before the page was reloaded. */
  readonly openOnJoin: boolean;
}

/** The microphone during a call: published once the room is open, watched for silence and for phone calls. */
export function useMicrophone(options: MicrophoneOptions): CallMicrophone {
  const { link, connected } = options;
  const [track, setTrack] = useState<MediaStreamTrack | null>(options.track);
  const [failure, setFailure] = useState<MicFailure | null>(options.failure);
  const [muted, setMutedState] = useState(false);
  const pending = useRef(options.track);
  const openOnJoin = useRef(options.openOnJoin);

  const publish = useCallback(
    async (deviceId?: string) => {
      const obstacle = microphoneObstacle();
      if (obstacle !== null) {
        setFailure(obstacle);
        return;
      }
      try {
        const opened = pending.current ?? (await openMicrophone(deviceId));
        pending.current = null;
        const { deviceId: used } = opened.getSettings();
        if (used !== undefined) writeMicrophoneId(used);
        await link.publish(opened);
        setTrack(opened);
        setFailure(null);
      } catch (error) {
        setTrack(null);
        setFailure(micFailureOf(error));
      }
    },
    [link],
  );
  const open = useCallback(
    (deviceId?: string) => {
      publish(deviceId).catch(() => {});
    },
    [publish],
  );
  const setMuted = useCallback(
    (next: boolean) => {
      setMutedState(next);
      link.setMuted(next).catch(() => {});
    },
    [link],
  );

  useEffect(() => {
    if (!connected || (pending.current === null && !openOnJoin.current)) return;
    openOnJoin.current = false;
    publish().catch(() => {});
  }, [connected, publish]);

  // livekit-client opens the device anew after a rejoin or when a phone comes back: follow the track it sends.
  useEffect(() => {
    const follow = () => setTrack(link.microphone?.mediaStreamTrack ?? null);
    link.room.on(RoomEvent.LocalTrackPublished, follow);
    return () => {
      link.room.off(RoomEvent.LocalTrackPublished, follow);
    };
  }, [link]);

  const interrupted = useInterrupted(track);
  const silent = useSilent(track, options.awaited && !muted && !interrupted);
  return { state: micState({ track, failure, muted, interrupted, silent }), track, setMuted, open };
}

function micState(facts: {
  track: MediaStreamTrack | null;
  failure: MicFailure | null;
  muted: boolean;
  interrupted: boolean;
  silent: boolean;
}): MicState {
  if (facts.track === null) return { status: 'off', failure: facts.failure };
  if (facts.interrupted) return { status: 'interrupted' };
  return facts.muted ? { status: 'muted' } : { status: 'live', silent: facts.silent };
}

/** True while the system has taken the microphone away: a phone call, a removed headset. */
function useInterrupted(track: MediaStreamTrack | null): boolean {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const names = ['mute', 'unmute', 'ended'] as const;
      for (const name of names) track?.addEventListener(name, onChange);
      return () => {
        for (const name of names) track?.removeEventListener(name, onChange);
      };
    },
    [track],
  );
  return useSyncExternalStore(subscribe, () => track !== null && (track.muted || track.readyState === 'ended'));
}

/**
 * True when a microphone that should be heard by now has never sent anything. Said once per device, for as long as the
 * assistant goes on waiting; one sound clears it for good.
 */
function useSilent(track: MediaStreamTrack | null, watched: boolean): boolean {
  const [silent, setSilent] = useState(false);
  const proven = useRef<MediaStreamTrack | null>(null);
  const told = useRef(new Set<string | undefined>());
  useEffect(() => {
    if (track === null || !watched || proven.current === track) return undefined;
    const { deviceId } = track.getSettings();
    if (told.current.has(deviceId)) return undefined;
    const meter = meterTrack(track);
    let startedMs = Date.now();
    const timer = window.setInterval(() => {
      meter.read();
      if (!meter.measuring()) startedMs = Date.now();
      if (meter.heardAnything()) {
        proven.current = track;
        setSilent(false);
        window.clearInterval(timer);
      } else if (Date.now() - startedMs > SILENT_AFTER_MS) {
        told.current.add(deviceId);
        setSilent(true);
      }
    }, CHECK_EVERY_MS);
    return () => {
      window.clearInterval(timer);
      meter.close();
      setSilent(false);
    };
  }, [track, watched]);
  return silent;
}
