import { useEffect, useEffectEvent, useRef } from 'react';
import { drawVoices } from './draw-voices.ts';
import type { Voice } from './draw-voices.ts';
import styles from './voice-line.module.css';

/** What a voice line shows right now; read on every frame. */
export interface VoiceLevels {
  /** 0..1, the assistant's loudness. */
  readonly agent: number;
  /** 0..1, the person's loudness. */
  readonly person: number;
  /** The assistant thinks: its line travels without sound. */
  readonly thinking: boolean;
}

interface VoiceLineProps {
  readonly read: () => VoiceLevels;
  readonly className?: string | undefined;
}

/** How much of the way to a new level a frame goes: quick to rise, slow to fall, as sound dies away in a room. */
const RISE = 0.35;
const FALL = 0.08;

/** Two strokes of a pen, one per voice, that swell with loudness. Decoration: words beside it say the same. */
export function VoiceLine({ read, className }: VoiceLineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const readLevels = useEffectEvent(read);

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d') ?? null;
    if (element === null || pen === null) return undefined;
    const still = window.matchMedia('(prefers-reduced-motion: reduce)');
    const smooth = { agent: 0, person: 0, thinking: 0 };
    let frame = 0;
    let phase = 0;
    const draw = (timeMs: number) => {
      const levels = readLevels();
      smooth.agent = approach(smooth.agent, levels.agent);
      smooth.person = approach(smooth.person, levels.person);
      smooth.thinking = approach(smooth.thinking, levels.thinking ? 1 : 0);
      phase = still.matches ? 0 : timeMs / 1000;
      drawVoices(pen, voicesOf(element, smooth), phase);
      frame = window.requestAnimationFrame(draw);
    };
    frame = window.requestAnimationFrame(draw);
    return () => window.cancelAnimationFrame(frame);
  }, []);

  return <canvas ref={canvas} className={`${styles.line} ${className ?? ''}`} aria-hidden="true" />;
}

function approach(from: number, to: number): number {
  return from + (to - from) * (to > from ? RISE : FALL);
}

/** Colours are read each frame: the system may turn dark during a call. */
function voicesOf(element: HTMLElement, levels: { agent: number; person: number; thinking: number }): readonly Voice[] {
  const colours = getComputedStyle(element);
  return [
    { colour: colours.getPropertyValue('color'), level: levels.person, travel: 0, pitch: 1.25 },
    { colour: colours.getPropertyValue('outline-color'), level: levels.agent, travel: levels.thinking, pitch: 1 },
  ];
}
