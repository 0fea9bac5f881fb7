import { randomText } from '@eloquence/shared/runtime/ids';
import type { ChatPart } from './provider.ts';

/** A piece of a call as a wire gives it; what is missing or empty is not there. */
export interface ToolCallPiece {
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly arguments?: string | undefined;
}

/**
 * Puts the calls of one answer in order, as the copies of OpenAI's wire write them: without index or id, with the id
 * repeated in every piece, two calls with one index.
 */
export class ToolCalls {
  /** Ids of the calls begun, by our index. */
  readonly #ids: string[] = [];
  /** Our index of the call last begun under a server's index. */
  readonly #byGiven = new Map<number, number>();

  get count(): number {
    return this.#ids.length;
  }

  /** The piece as a part: id (made up where there is none) and name come with the first piece of a call only. */
  part({ index: given, id, name, arguments: text }: ToolCallPiece): ChatPart {
    const known = this.#find(given, id, Boolean(name));
    const index = known ?? this.#ids.push(id || `call_${randomText(16)}`) - 1;
    if (given !== undefined) this.#byGiven.set(given, index);
    return {
      type: 'tool_call',
      index,
      ...(known === undefined && { id: this.#ids[index] as string }),
      ...(known === undefined && name && { name }),
      ...(text && { arguments: text }),
    };
  }

  /** The call that a piece goes on with; undefined = it begins one. */
  #find(given: number | undefined, id: string | undefined, hasName: boolean): number | undefined {
    if (id) {
      const index = this.#ids.indexOf(id);
      return index < 0 ? undefined : index;
    }
    if (given !== undefined) return this.#byGiven.get(given);
    return hasName || this.#ids.length === 0 ? undefined : this.#ids.length - 1;
  }
}
