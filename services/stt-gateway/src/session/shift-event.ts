import type { SessionEvent, Transcript } from './session-events.ts';

/** Where a session begins within another: seconds of audio and utterances before it. */
export interface Shift {
  readonly seconds: number;
  readonly utterances: number;
}

/** An event of a session that began later, as one of the whole. */
export function shiftEvent(event: SessionEvent, shift: Shift): SessionEvent {
  const moved = (seconds: number) => Math.round((seconds + shift.seconds) * 1000) / 1000;
  switch (event.type) {
    case 'speech.started':
    case 'speech.ended':
      return { ...event, utterance: event.utterance + shift.utterances, atS: moved(event.atS) };
    case 'transcript.interim':
    case 'transcript.final':
      return { ...event, transcript: shiftTranscript(event.transcript, shift, moved) };
    case 'utterance.ended':
      return { ...event, lastWordEndS: moved(event.lastWordEndS) };
    case 'utterance.lost':
      return {
        ...event,
        utterance: event.utterance + shift.utterances,
        startS: moved(event.startS),
        endS: moved(event.endS),
      };
  }
}

function shiftTranscript(transcript: Transcript, shift: Shift, moved: (seconds: number) => number): Transcript {
  const place = <T extends { readonly startS: number; readonly endS: number }>(item: T): T => ({
    ...item,
    startS: moved(item.startS),
    endS: moved(item.endS),
  });
  return {
    ...place(transcript),
    utterance: transcript.utterance + shift.utterances,
    words: transcript.words.map(place),
    segments: transcript.segments.map(place),
  };
}
