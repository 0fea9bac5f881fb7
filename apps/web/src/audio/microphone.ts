import type { MicFailure } from '../problem.ts';
import { readMicrophoneId } from '../storage.ts';

/**
 * How we listen: echo cancellation, or the assistant would hear itself; noise suppression and gain for laptops at arm's
 * length; no voice isolation, which removes everybody but the nearest speaker.
 */
const CAPTURE = {
  channelCount: 1,
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
} as const satisfies MediaTrackConstraints;

/** What both `getUserMedia` and livekit-client understand. */
type CaptureConstraints = typeof CAPTURE & { readonly deviceId?: { readonly ideal: string } };

/** Constraints for one device, or for the remembered one, or for the system's choice. */
export function captureConstraints(deviceId?: string): CaptureConstraints {
  const wanted = deviceId ?? readMicrophoneId();
  return wanted === null ? { ...CAPTURE } : { ...CAPTURE, deviceId: { ideal: wanted } };
}

/** `null` when a microphone can be asked for, else why not: browsers offer none on an insecure address. */
export function microphoneObstacle(): MicFailure | null {
  if (!window.isSecureContext) return 'insecure';
  return 'mediaDevices' in navigator ? null : 'mic_other';
}

/** Opens a microphone; call it from a tap. Rejects with the browser's `DOMException`. */
export async function openMicrophone(deviceId?: string): Promise<MediaStreamTrack> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: captureConstraints(deviceId) });
  const [track] = stream.getAudioTracks();
  if (track === undefined) throw new DOMException('The browser gave a stream without sound', 'NotFoundError');
  return track;
}

/** Microphones of this machine; names stay empty until one has been allowed. */
export async function listMicrophones(): Promise<readonly MediaDeviceInfo[]> {
  if (microphoneObstacle() !== null) return [];
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
}
