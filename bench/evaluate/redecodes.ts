import type { RunningService } from './services.ts';

/** Pieces of speech a model was given, and how many a guard did not believe and sent through the full window again. */
export interface Redecodes {
  readonly pieces: number;
  readonly again: number;
}

/** What whisper-stt has counted since it started. */
export async function redecodesOf(whisper: RunningService, signal: AbortSignal): Promise<Redecodes> {
  const response = await fetch(`${whisper.url}/metrics`, { signal });
  return parseRedecodes(await response.text());
}

/** Its Prometheus text. */
export function parseRedecodes(text: string): Redecodes {
  const total = (name: string) =>
    [...text.matchAll(new RegExp(String.raw`^${name}(?:\{[^}]*\})? (\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return { pieces: total('eloquence_whisper_pieces_total'), again: total('eloquence_whisper_redecodes_total') };
}
