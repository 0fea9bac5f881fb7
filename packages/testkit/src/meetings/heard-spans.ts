import type { Gap, Span } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import type { Participant } from './planted-meeting.ts';

/** How often a scribe says what it has heard, ms. */
export const SPAN_MS = 10_000;

/**
 * What a scribe says it has transcribed, window by window: all of everybody's sound but the gaps, and what is being said while a
 * window ends belongs to the next one.
 */
export function heardSpans(
  participants: readonly Participant[],
  utterances: readonly Utterance[],
  gaps: readonly Gap[],
  durationMs: number,
): Span[] {
  return participants.flatMap(({ speaker }) => {
    const own = utterances.filter((utterance) => utterance.speaker === speaker);
    const spans: Span[] = [];
    let fromMs = 0;
    for (let endMs = SPAN_MS; fromMs < durationMs; endMs += SPAN_MS) {
      const windowEnd = Math.min(endMs, durationMs);
      const unfinished = own.find(({ start_ms: start, end_ms: end }) => start < windowEnd && end > windowEnd);
      const toMs = windowEnd === durationMs ? windowEnd : Math.min(windowEnd, unfinished?.start_ms ?? windowEnd);
      if (toMs > fromMs) spans.push(...without(gaps, { speaker, start_ms: fromMs, end_ms: toMs }));
      fromMs = Math.max(fromMs, toMs);
      if (windowEnd === durationMs) break;
    }
    return spans;
  });
}

/** The parts of a span that no gap covers. */
function without(gaps: readonly Gap[], span: Span): Span[] {
  return gaps.reduce<Span[]>(
    (parts, gap) =>
      parts.flatMap((part) =>
        [
          { ...part, end_ms: Math.min(part.end_ms, gap.start_ms) },
          { ...part, start_ms: Math.max(part.start_ms, gap.end_ms) },
        ].filter(({ start_ms: start, end_ms: end }) => end > start),
      ),
    [span],
  );
}
