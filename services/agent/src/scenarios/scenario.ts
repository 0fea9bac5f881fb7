import type { Language } from '@eloquence/shared/contracts/ids';
import type { ScenarioSummary, SessionKind } from '@eloquence/shared/contracts/scenario';
import type { llm } from '@livekit/agents';
import type { EndpointingPolicy } from '../turn/endpointing.ts';

/** Sentences the agent says by itself, in one language. */
export interface Phrases {
  /** First words of a new session. */
  readonly greeting: string;
  /** First words of an agent that takes over a running session. */
  readonly resumed: string;
  /** Transcription is away. */
  readonly cannotHear: string;
  /** This language is not understood when spoken; the person can write. */
  readonly onlyReads: string;
  /** No answer came from the model; asking again may help. */
  readonly noAnswer: string;
  /** No answer can come until somebody mends the settings or the bill: asking again does not help. */
  readonly outOfOrder: string;
  /** The answer broke off. */
  readonly brokenOff: string;
  /** The longest session is over. */
  readonly timeUp: string;
}

interface Common<Kind extends SessionKind> {
  readonly kind: Kind;
  /** What the world may see of it. */
  readonly summary: ScenarioSummary & { readonly kind: Kind };
  /** Words the recogniser should expect, besides those of the session. */
  readonly keyterms?: Readonly<Record<Language, readonly string[]>>;
}

/** The agent talks with one person. */
export interface ConversationScenario extends Common<'conversation'> {
  /** System prompt. A line `Language: xx` is appended. */
  readonly prompt: (language: Language) => string;
  readonly phrases: Readonly<Record<Language, Phrases>>;
  readonly tools?: llm.ToolContextLike;
  /** Default: the conversation's. */
  readonly endpointing?: EndpointingPolicy;
}

/** The agent writes down what everybody says, and never speaks. */
export type MeetingScenario = Common<'meeting'>;

/**
 * A scenario: what the agent is, in data. `scenarios/<id>/scenario.ts` exports one as default; nothing outside its folder has to
 * know of it.
 */
export type Scenario = ConversationScenario | MeetingScenario;
