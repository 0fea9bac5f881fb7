import type { Language, SessionId } from '@eloquence/shared/contracts/ids';
import type { Chunk, Gap, MeetingOptions, SilentSource, Span, Speaker } from '@eloquence/shared/contracts/meeting';
import type { MeetingState, Report } from '@eloquence/shared/contracts/report';
import type { Utterance } from '@eloquence/shared/contracts/sessions';

/** Everything Postgres knows of a meeting: what chunks and reports are made of. Utterances in spoken order. */
export interface Meeting {
  readonly sessionId: SessionId;
  readonly language: Language;
  readonly title: string;
  /** ms since epoch; null before anybody was there. */
  readonly startedAtMs: number | null;
  /** ms since epoch; null while it goes on. */
  readonly endedAtMs: number | null;
  readonly options: MeetingOptions;
  readonly consent: Report['consent'];
  readonly state: MeetingState;
  readonly utterances: readonly Utterance[];
  /** Names to show, of everybody who spoke or was there. */
  readonly speakers: ReadonlyMap<Speaker, string>;
  readonly spans: readonly Span[];
  /** As they were reported; those that a span covers are still among them. */
  readonly gaps: readonly Gap[];
  readonly silentSources: readonly SilentSource[];
  /** In order of `n`. */
  readonly chunks: readonly Chunk[];
}
