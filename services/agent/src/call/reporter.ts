import type { AgentState, TurnMeasurement } from '@eloquence/shared/contracts/events';
import { eventTime } from '@eloquence/shared/runtime/event-log';
import { llm, voice } from '@livekit/agents';
import type { EventWriter } from '../events/event-writer.ts';
import type { SessionClock } from '../events/session-clock.ts';
import type { Transcript } from '../speech/gateway-link.ts';
import { TurnPairing, type MeasuredTurn, type MessageMetrics } from '../turn/measurement.ts';

/** How the agent is called in transcripts. */
const AGENT_SPEAKER = 'agent';
/** How fast voices speak, about: for a sentence cut by the end of the call, of which the library only tells how long it sounded. */
const CHARACTERS_PER_S = 15;

export interface ReporterOptions {
  readonly writer: Pick<EventWriter, 'append' | 'interim'>;
  readonly clock: SessionClock;
  /** How the person is called in transcripts. */
  readonly speaker: string;
  readonly onTurn: (turn: TurnMeasurement) => void;
}

/** Turns what happens in a session into events. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #turns = new TurnPairing();
  #cut: voice.PlaybackFinishedEvent | undefined;
  #state: AgentState | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Follows a session from before its start. */
  follow(session: voice.AgentSession): void {
    session.on(voice.AgentSessionEventTypes.AgentStateChanged, (event) => this.state(event.newState));
    session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
      if (item instanceof llm.ChatMessage) this.message(item);
    });
  }

  /** Follows what of the agent's speech is really heard; the output exists once the session has started. */
  followOutput(output: voice.AudioOutput | null): void {
    output?.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, (event: voice.PlaybackFinishedEvent) => {
      this.#cut = event.interrupted ? event : undefined;
    });
  }

  /** What the person said, as it becomes known. */
  transcript(transcript: Transcript): void {
    const { writer, clock, speaker } = this.#options;
    if (!transcript.isFinal) {
      writer.interim({ type: 'utterance.interim', at: eventTime(), speaker, text: transcript.text });
      return;
    }
    writer.append({
      type: 'utterance.final',
      at: eventTime(),
      utterance: clock.utterance('user', { ...transcript, speaker }),
    });
  }

  /** What the person typed. */
  typed(text: string): void {
    const { writer, clock, speaker } = this.#options;
    const nowMs = Date.now();
    const utterance = clock.utterance('user', { speaker, text, startMs: nowMs, endMs: nowMs });
    writer.append({ type: 'utterance.final', at: eventTime(), utterance });
  }

  state(state: voice.AgentState): void {
    const next: AgentState = state === 'idle' ? 'listening' : state;
    if (next === this.#state) return;
    this.#state = next;
    this.#options.writer.append({ type: 'state.changed', at: eventTime(), state: next });
  }

  /** A message of the conversation: the person's ends a turn, the agent's is what was heard of the answer. */
  message(message: Pick<llm.ChatMessage, 'role' | 'textContent' | 'interrupted' | 'metrics'>): void {
    if (message.role === 'user') this.#measured(this.#turns.userSpoke(message.metrics));
    if (message.role !== 'assistant') return;
    this.#measured(this.#turns.agentSpoke(message.metrics, message.interrupted));
    this.#agentSaid(message.textContent ?? '', message.interrupted, message.metrics);
  }

  #agentSaid(text: string, interrupted: boolean, metrics: MessageMetrics): void {
    const { writer, clock } = this.#options;
    // A message of `say` carries its whole text even when it was cut; the output knows how far it came.
    const heard = (interrupted && this.#cut ? heardOf(text, this.#cut) : text).trim();
    this.#cut = undefined;
    // Without a first sound nobody heard anything.
    if (heard === '' || metrics.startedSpeakingAt === undefined) return;
    const startMs = metrics.startedSpeakingAt * 1000;
    const endMs = (metrics.stoppedSpeakingAt ?? metrics.startedSpeakingAt) * 1000;
    const utterance = clock.utterance('agent', { speaker: AGENT_SPEAKER, text: heard, startMs, endMs });
    writer.append({ type: 'utterance.final', at: eventTime(), utterance });
  }

  /** Dated to the moment it is about: an answer's end, when the library tells of it, may be after the next turn's beginning. */
  #measured(turns: readonly MeasuredTurn[]): void {
    for (const { turn, atS } of turns) {
      const at = eventTime(atS === undefined ? undefined : new Date(atS * 1000));
      this.#options.writer.append({ type: 'turn.measured', at, turn });
      this.#options.onTurn(turn);
    }
  }
}

/** What was heard of a sentence that was cut: known to the word, or else by its time. */
function heardOf(text: string, { synchronizedTranscript, playbackPosition }: voice.PlaybackFinishedEvent): string {
  if (synchronizedTranscript !== undefined) return synchronizedTranscript;
  const length = Math.round(playbackPosition * CHARACTERS_PER_S);
  return length >= text.length ? text : text.slice(0, text.lastIndexOf(' ', length) + 1);
}
