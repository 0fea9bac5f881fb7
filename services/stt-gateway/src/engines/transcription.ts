import type { VerboseTranscription } from '@eloquence/shared/contracts/stt';

type Word = NonNullable<VerboseTranscription['words']>[number];
type Segment = NonNullable<VerboseTranscription['segments']>[number];

export interface HeardParts {
  readonly text: string;
  readonly words?: readonly Word[] | null | undefined;
  readonly segments?: readonly Segment[] | null | undefined;
  /** A code. */
  readonly language: string | undefined;
}

/**
 * An engine's answer in the one shape inside. Engines differ in what they leave out, and round times past the end of
 * the audio; text without segments stays text.
 *
 * @param durationS length of the audio that was sent
 */
export function transcriptionOf(parts: HeardParts, durationS: number): VerboseTranscription {
  const inside = <T extends { readonly start: number; readonly end: number }>(item: T): T => {
    const start = Math.min(Math.max(0, item.start), durationS);
    return { ...item, start, end: Math.min(Math.max(start, item.end), durationS) };
  };
  const words = (parts.words ?? []).filter(({ word }) => word.trim() !== '').map(inside);
  const segments = (parts.segments ?? []).map(inside);
  return {
    task: 'transcribe',
    language: parts.language ?? '',
    duration: durationS,
    text: parts.text.trim(),
    ...(words.length > 0 && { words }),
    ...(segments.length > 0 && { segments }),
  };
}
