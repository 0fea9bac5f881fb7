import type { llm, FlushSentinel } from '@livekit/agents';

export type ReplyPart = llm.ChatChunk | string | FlushSentinel;

export interface ApologyOptions {
  /** Said when nothing came; asked for at that moment, as it depends on why. */
  readonly nothing: () => string;
  /** Said when the answer broke off. */
  readonly brokenOff: string;
  /** True when the model has reported a failure since (ms since epoch). */
  readonly failedSince: (sinceMs: number) => boolean;
  readonly onApology: () => void;
}

/**
 * The reply, and a spoken apology in place of what a failing model did not give: an answer that never comes would be silence,
 * and silence on a call is the one error nobody can read. The library ends the stream of a failed request without an error,
 * so an empty answer is taken for one; an answer of tool calls only is not empty.
 */
export function withApology(reply: ReadableStream<ReplyPart>, options: ApologyOptions): ReadableStream<ReplyPart> {
  const reader = reply.getReader();
  const begunMs = Date.now();
  let gaveText = false;
  let gaveTools = false;
  let unwanted = false;
  return new ReadableStream<ReplyPart>({
    async pull(controller) {
      let ended = false;
      try {
        const { done, value } = await reader.read();
        ended = done;
        if (value !== undefined) {
          gaveText ||= textOf(value).trim() !== '';
          gaveTools ||= typeof value === 'object' && (value.delta?.toolCalls?.length ?? 0) > 0;
          controller.enqueue(value);
        }
      } catch {
        ended = true;
      }
      if (!ended || unwanted) return;
      const empty = !gaveText && !gaveTools;
      if (empty || (gaveText && options.failedSince(begunMs))) {
        options.onApology();
        controller.enqueue(empty ? options.nothing() : ` ${options.brokenOff}`);
      }
      controller.close();
    },
    cancel: (reason) => {
      unwanted = true;
      return reader.cancel(reason);
    },
  });
}

function textOf(part: ReplyPart): string {
  if (typeof part === 'string') return part;
  return typeof part === 'object' ? (part.delta?.content ?? '') : '';
}
