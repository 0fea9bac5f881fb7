import { useEffect, useEffectEvent, useRef } from 'react';
import { meterTrack } from '../audio/level-meter.ts';
import styles from './level-bar.module.css';

interface LevelBarProps {
  readonly track: MediaStreamTrack;
  readonly label: string;
  /** Told once per second whether the last seconds held a voice, and whether anything at all was ever heard. */
  readonly onHeard: (heard: { readonly voice: boolean; readonly silentForMs: number }) => void;
}

const VOICE_LEVEL = 0.3;
const REPORT_EVERY_MS = 500;

/** How loud the microphone is, as a growing line. Drawn without React: sixty times a second. */
export function LevelBar({ track, label, onHeard }: LevelBarProps) {
  const bar = useRef<HTMLDivElement>(null);
  const tellHeard = useEffectEvent(onHeard);

  useEffect(() => {
    const meter = meterTrack(track);
    let frame = 0;
    let shown = 0;
    let lastVoiceMs = performance.now();
    let lastReportMs = 0;
    let voice = false;
    const look = (nowMs: number) => {
      const level = meter.read();
      shown = Math.max(level, shown * 0.92);
      bar.current?.style.setProperty('--level', shown.toFixed(3));
      bar.current?.setAttribute('aria-valuenow', String(Math.round(shown * 10) * 10));
      if (level > VOICE_LEVEL) {
        voice = true;
        lastVoiceMs = nowMs;
      }
      if (!meter.measuring()) lastVoiceMs = nowMs;
      if (nowMs - lastReportMs > REPORT_EVERY_MS) {
        lastReportMs = nowMs;
        tellHeard({ voice, silentForMs: nowMs - lastVoiceMs });
      }
      frame = window.requestAnimationFrame(look);
    };
    frame = window.requestAnimationFrame(look);
    return () => {
      window.cancelAnimationFrame(frame);
      meter.close();
    };
  }, [track]);

  return (
    <div ref={bar} className={styles.bar} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100}>
      <span className={styles.fill} />
    </div>
  );
}
