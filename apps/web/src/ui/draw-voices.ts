/** One stroke: how loud, in which colour, and how it moves. */
export interface Voice {
  readonly colour: string;
  /** 0..1 */
  readonly level: number;
  /** 0..1: how much of a pulse runs along the line without sound. */
  readonly travel: number;
  /** Waves along the line, relative: two voices with different ones never lie on each other. */
  readonly pitch: number;
}

const STEP_PX = 3;
const REST_WIDTH_PX = 1.5;

/** Fits the canvas to its place on the screen (sharp on dense displays) and draws every voice. `phase` in seconds. */
export function drawVoices(pen: CanvasRenderingContext2D, voices: readonly Voice[], phase: number): void {
  const { canvas } = pen;
  const density = Math.min(window.devicePixelRatio, 2);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
  }
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, width, height);
  for (const [index, voice] of voices.entries()) {
    drawStroke(pen, voice, { width, height, phase: phase + index * 1.7 });
  }
}

/** A stroke is a band: the centre line swings, the width swells with the level like a broad nib turning. */
function drawStroke(
  pen: CanvasRenderingContext2D,
  voice: Voice,
  place: { readonly width: number; readonly height: number; readonly phase: number },
): void {
  const { width, height, phase } = place;
  const upper: [number, number][] = [];
  const lower: [number, number][] = [];
  const swing = height * (0.07 + 0.34 * voice.level);
  const swell = height * 0.24 * voice.level;
  for (let x = 0; x <= width + STEP_PX; x += STEP_PX) {
    const t = x / width;
    const envelope = Math.sin(Math.PI * Math.min(1, t)) ** 1.4;
    const wave =
      0.62 * Math.sin(2 * Math.PI * (1.6 * voice.pitch * t - 0.35 * phase)) +
      0.38 * Math.sin(2 * Math.PI * (3.7 * voice.pitch * t + 0.22 * phase));
    const nib = 0.5 + 0.5 * Math.sin(2 * Math.PI * (2.1 * t * voice.pitch - 0.6 * phase));
    const pulse = Math.exp(-(((t - ((phase * 0.45) % 1.3) + 0.15) / 0.09) ** 2)) * voice.travel;
    const y = height / 2 + swing * envelope * wave;
    const half = (REST_WIDTH_PX + envelope * (swell * nib + height * 0.055 * pulse)) / 2;
    upper.push([x, y - half]);
    lower.push([x, y + half]);
  }
  pen.beginPath();
  for (const [x, y] of upper) pen.lineTo(x, y);
  for (const [x, y] of lower.toReversed()) pen.lineTo(x, y);
  pen.closePath();
  pen.fillStyle = voice.colour;
  pen.globalAlpha = 0.92;
  pen.fill();
  pen.globalAlpha = 1;
}
