/** Loudness of a track, read once per frame by whoever draws it. */
export interface LevelMeter {
  /** 0 (-60 dBFS or less) to 1 (-10 dBFS or more). */
  read(): number;
  /** True as soon as one sample rose above silence. */
  heardAnything(): boolean;
  /** False while the browser still waits for a tap: silence then means nothing. */
  measuring(): boolean;
  close(): void;
}

const FLOOR_DB = -60;
const CEILING_DB = -10;
/** Below this a sample is silence (-78 dBFS): a dead microphone sends zeros, or the last bit's noise. */
const SILENCE = 1 / 8_192;

let sharedContext: AudioContext | null = null;

/** One context for the page: browsers allow few. Starts suspended without a tap; {@link resumeMeters} wakes it. */
function context(): AudioContext {
  sharedContext ??= new AudioContext();
  return sharedContext;
}

/** Lets meters run; call it from a tap. */
export function resumeMeters(): void {
  if (sharedContext?.state === 'suspended') sharedContext.resume().catch(() => {});
}

/** Measures a track without playing it. Closing leaves the track alone. */
export function meterTrack(track: MediaStreamTrack): LevelMeter {
  const audio = context();
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  resumeMeters();
  const samples = new Float32Array(analyser.fftSize);
  let heard = false;
  return {
    read() {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) {
        sum += sample * sample;
        if (!heard && Math.abs(sample) > SILENCE) heard = true;
      }
      return levelOf(Math.sqrt(sum / samples.length));
    },
    heardAnything: () => heard,
    measuring: () => audio.state === 'running',
    close() {
      source.disconnect();
      analyser.disconnect();
    },
  };
}

/** Root mean square (0..1) to a level people see move: a logarithm, as the ear hears. */
export function levelOf(rms: number): number {
  if (rms <= 0) return 0;
  const db = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}
