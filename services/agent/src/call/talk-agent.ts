import { voice, type llm } from '@livekit/agents';
import { withApology, type ApologyOptions, type ReplyPart } from '../chat/with-apology.ts';

export interface TalkAgentOptions {
  readonly instructions: string;
  /** What was said before this agent took over; empty for a new session. */
  readonly history: llm.ChatContext;
  readonly tools?: llm.ToolContextLike;
  /** First words; undefined: the person begins. */
  readonly opening?: string;
  readonly apology: ApologyOptions;
}

/** The agent of one call: opens, answers, and apologises instead of falling silent. */
export class TalkAgent extends voice.Agent {
  readonly #opening: string | undefined;
  readonly #apology: ApologyOptions;

  constructor(options: TalkAgentOptions) {
    const { instructions, history, tools } = options;
    super({ instructions, chatCtx: history, ...(tools && { tools }) });
    this.#opening = options.opening;
    this.#apology = options.apology;
  }

  override async onEnter(): Promise<void> {
    if (this.#opening) this.session.say(this.#opening, { allowInterruptions: true });
  }

  override async llmNode(
    chatCtx: llm.ChatContext,
    toolCtx: llm.ToolContext,
    modelSettings: voice.ModelSettings,
  ): Promise<ReadableStream<ReplyPart> | null> {
    const reply = await voice.Agent.default.llmNode(this, chatCtx, toolCtx, modelSettings);
    return reply && withApology(reply, this.#apology);
  }
}
