import type { AgentSession } from '@eloquence/shared/contracts/dispatch';
import { eventTime } from '@eloquence/shared/runtime/event-log';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { voice, type JobContext, type llm } from '@livekit/agents';
import { needsMending } from '../chat/needs-mending.ts';
import { TalkLlm } from '../chat/talk-llm.ts';
import type { AgentConfig } from '../config.ts';
import type { EventWriter } from '../events/event-writer.ts';
import { SessionClock } from '../events/session-clock.ts';
import type { ConversationScenario, Phrases } from '../scenarios/scenario.ts';
import { GatewayStt } from '../speech/gateway-stt.ts';
import { ProxyTts } from '../speech/proxy-tts.ts';
import { speakUrl } from '../speech/speak-link.ts';
import { SpeakLinks } from '../speech/speak-links.ts';
import { conversationPolicy, GATEWAY_ENDPOINTING_MS } from '../turn/endpointing.ts';
import { buildSession } from './build-session.ts';
import { sweepMemory } from './memory-sweep.ts';
import { reportTurn } from './report-turn.ts';
import { Reporter } from './reporter.ts';
import { TalkAgent } from './talk-agent.ts';
import { TypedInbox } from './typed-inbox.ts';

/**
 * A voice that has said nothing for so long is taken for failed. With the lead of what is played, less than the library's
 * patience (10 s), after which it would let go of the answer without a word.
 */
const VOICE_SILENCE_TIMEOUT_MS = 7_000;
/** The person is told of an outage at most so often. */
const OUTAGE_NOTICE_EVERY_MS = 60_000;

export interface ConversationOptions {
  readonly ctx: JobContext;
  readonly config: AgentConfig;
  readonly logger: Logger;
  readonly writer: EventWriter;
  readonly facts: AgentSession;
  readonly scenario: ConversationScenario;
  readonly history: llm.ChatContext;
  /** Another agent began this session. */
  readonly resumed: boolean;
  readonly startedMs: number;
}

/** The talk of one session: its parts put together, its failures spoken and written down. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #phrases: Phrases;
  readonly #reporter: Reporter;
  readonly #stt: GatewayStt;
  readonly #voice: ProxyTts;
  readonly #session: voice.AgentSession;
  readonly #typed: TypedInbox;
  #llmFailedMs = 0;
  /** The last failure of the model was one that asking again does not cure. */
  #isOutOfOrder = false;
  #outageNoticeMs = 0;

  constructor(options: ConversationOptions) {
    const { config, logger, writer, facts, scenario } = options;
    const { language, session_id: sessionId, user_id: speaker } = facts.session;
    const key = config.internalApiKey;
    this.#options = options;
    this.#phrases = scenario.phrases[language];
    this.#reporter = new Reporter({
      writer,
      speaker,
      clock: new SessionClock(options.startedMs),
      onTurn: (turn) => reportTurn(turn, config, logger),
    });
    this.#stt = new GatewayStt({
      sttUrl: config.sttUrl,
      key,
      language,
      keyterms: [...(facts.options.keyterms ?? []), ...(scenario.keyterms?.[language] ?? [])],
      endpointingMs: GATEWAY_ENDPOINTING_MS,
      logger,
      onTranscript: (transcript) => this.#reporter.transcript(transcript),
      onOutage: () => this.#onOutage(),
      onUnsupported: () => this.#onUnsupported(),
    });
    this.#voice = new ProxyTts({
      links: new SpeakLinks({ url: speakUrl(config.ttsUrl, language), key, logger }),
      logger,
      silenceTimeoutMs: VOICE_SILENCE_TIMEOUT_MS,
      onBroken: () => this.#failed('tts_failed', 'A sentence could not be spoken to its end; the answer went on.'),
    });
    this.#session = buildSession({
      stt: this.#stt,
      llm: new TalkLlm({ apiUrl: config.apiUrl, key, sessionId }),
      tts: this.#voice,
      endpointing: scenario.endpointing ?? conversationPolicy,
      speculate: scenario.tools === undefined,
    });
    this.#typed = new TypedInbox({
      onTyped: (said) => this.#onTyped(said),
      onDropped: () => logger.warn('the person types faster than messages are answered, one was dropped'),
    });
  }

  /** Begins to talk with the participant of this identity. */
  async start(identity: string): Promise<void> {
    const { ctx } = this.#options;
    this.#voice.prepare();
    this.#reporter.follow(this.#session);
    this.#followFailures();
    this.#session.on(voice.AgentSessionEventTypes.UserStateChanged, ({ oldState, newState }) => {
      if (oldState === 'speaking' && newState === 'listening') this.#stt.finalize();
    });
    const stopSweeping = sweepMemory(this.#session);
    this.#session.on(voice.AgentSessionEventTypes.Close, ({ reason }) => {
      stopSweeping();
      this.#typed.close();
      void this.#voice.close();
      ctx.shutdown(reason);
    });
    await this.#session.start({
      agent: this.#agent(),
      room: ctx.room,
      record: false,
      inputOptions: {
        audioSampleRate: 16_000,
        participantIdentity: identity,
        // A reload is not the end: PersonLink decides how long to wait.
        closeOnDisconnect: false,
        textInputCallback: (_session, { text }) => this.#typed.take(text),
      },
    });
    this.#reporter.followOutput(this.#session.output.audio);
  }

  /** Listens to another participant from now on: the person came back under another identity. */
  listenTo(identity: string): void {
    // The library has no public way to listen to another participant of the room.
    // oxlint-disable-next-line no-underscore-dangle
    this.#session._roomIO?.setParticipant(identity);
  }

  /** Says that the session is over; resolves when that was heard. */
  async sayTimeUp(): Promise<void> {
    await this.#session.say(this.#phrases.timeUp, { allowInterruptions: false }).waitForPlayout();
  }

  #agent(): TalkAgent {
    const { scenario, facts, history, resumed } = this.#options;
    const { language } = facts.session;
    const greeting = resumed ? this.#phrases.resumed : this.#phrases.greeting;
    const opening = resumed || facts.options.greeting !== false ? greeting : undefined;
    return new TalkAgent({
      instructions: `${scenario.prompt(language)}\n\nLanguage: ${language}`,
      history,
      ...(scenario.tools && { tools: scenario.tools }),
      ...(opening && { opening }),
      apology: {
        nothing: () => (this.#isOutOfOrder ? this.#phrases.outOfOrder : this.#phrases.noAnswer),
        brokenOff: this.#phrases.brokenOff,
        failedSince: (sinceMs) => this.#llmFailedMs >= sinceMs,
        onApology: () => this.#failed('llm_failed', 'The language model gave no answer; the agent apologised.'),
      },
    });
  }

  #onTyped(said: string): void {
    this.#reporter.typed(said);
    this.#session.interrupt();
    this.#session.generateReply({ userInput: said });
  }

  #followFailures(): void {
    this.#session.on(voice.AgentSessionEventTypes.Error, ({ error }) => {
      if (error.type === 'llm_error') {
        this.#llmFailedMs = Date.now();
        this.#isOutOfOrder = needsMending(error.error);
      }
      const cause = error instanceof Error ? error : error.error;
      this.#options.logger.warn(
        { err: cause, type: error.type, recoverable: error.recoverable },
        'a part of the session failed',
      );
      if (error.type === 'tts_error') this.#failed('tts_failed', 'An answer could not be spoken.');
    });
  }

  #onOutage(): void {
    if (Date.now() - this.#outageNoticeMs < OUTAGE_NOTICE_EVERY_MS) return;
    this.#outageNoticeMs = Date.now();
    this.#failed('stt_unavailable', 'Transcription has been away for some seconds; the person was told.');
    // Said once and not remembered: it is not part of what the two talk about.
    this.#session.say(this.#phrases.cannotHear, { addToChatCtx: false });
  }

  #onUnsupported(): void {
    this.#failed('unsupported_language', 'Speech in this language is not understood; the person was asked to write.');
    // A voice that nobody understands shall not interrupt either.
    this.#session.input.setAudioEnabled(false);
    this.#session.say(this.#phrases.onlyReads);
  }

  #failed(code: string, message: string): void {
    this.#options.writer.append({ type: 'agent.failed', at: eventTime(), code, message });
  }
}
