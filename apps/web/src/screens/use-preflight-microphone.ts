import { useCallback, useEffect, useRef, useState } from 'react';
import { listMicrophones, microphoneObstacle, openMicrophone } from '../audio/microphone.ts';
import { micFailureOf } from '../problem.ts';
import type { MicFailure } from '../problem.ts';
import { writeMicrophoneId } from '../storage.ts';

/** The microphone before the call. */
export type PreflightMicrophone =
  | { readonly status: 'idle' }
  | { readonly status: 'asking' }
  | { readonly status: 'failed'; readonly failure: MicFailure }
  | { readonly status: 'open'; readonly track: MediaStreamTrack; readonly devices: readonly MediaDeviceInfo[] };

interface Preflight {
  readonly microphone: PreflightMicrophone;
  /** Asks for a microphone; call it from a tap. */
  readonly ask: (deviceId?: string) => void;
  /** Hands the open track over to the call: this screen no longer stops it. */
  readonly takeTrack: () => MediaStreamTrack | null;
}

/** Opens, switches and hands over the microphone; whatever was not handed over is closed with the screen. */
export function usePreflightMicrophone(): Preflight {
  const [microphone, setMicrophone] = useState<PreflightMicrophone>(() => {
    const obstacle = microphoneObstacle();
    return obstacle === null ? { status: 'idle' } : { status: 'failed', failure: obstacle };
  });
  const held = useRef<MediaStreamTrack | null>(null);

  const open = useCallback(async (deviceId?: string) => {
    setMicrophone((before) => (before.status === 'open' ? before : { status: 'asking' }));
    try {
      const track = await openMicrophone(deviceId);
      held.current?.stop();
      held.current = track;
      const { deviceId: used } = track.getSettings();
      if (used !== undefined) writeMicrophoneId(used);
      setMicrophone({ status: 'open', track, devices: await listMicrophones() });
    } catch (error) {
      held.current?.stop();
      held.current = null;
      setMicrophone({ status: 'failed', failure: micFailureOf(error) });
    }
  }, []);

  useEffect(() => () => held.current?.stop(), []);
  useEffect(() => {
    if (microphoneObstacle() !== null) return undefined;
    const refresh = async () => {
      const devices = await listMicrophones();
      setMicrophone((before) => (before.status === 'open' ? { ...before, devices } : before));
    };
    const onChange = () => {
      refresh().catch(() => {});
    };
    navigator.mediaDevices.addEventListener('devicechange', onChange);
    return () => navigator.mediaDevices.removeEventListener('devicechange', onChange);
  }, []);

  const ask = useCallback(
    (deviceId?: string) => {
      open(deviceId).catch(() => {});
    },
    [open],
  );
  const takeTrack = useCallback(() => {
    const track = held.current;
    held.current = null;
    return track;
  }, []);
  return { microphone, ask, takeTrack };
}
