import { AppError } from '@eloquence/shared/runtime/errors';
import { randomText } from '@eloquence/shared/runtime/ids';
import type { ChatPart } from './provider.ts';

/** A piece of a call as a wire gives it; what is missing or empty is not there. */
export interface ToolCallPiece {
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** Text of JSON, or from some servers what it stands for. */
  readonly arguments?: unknown;
}

interface Call {
  /** A server's index and id of it, as far as it has given them. */
  readonly given: number | undefined;
  givenId: string | undefined;
  readonly index: number;
  name: string;
  arguments: string;
  /** How much of the arguments has been given on; undefined = nothing of the call has. */
  told: number | undefined;
}

/**
 * Puts the calls of one answer in order, as the copies of OpenAI's wire write them: without index or id, with the id
 * repeated in every piece, two calls with one index or one id, a name in pieces or behind the arguments.
 */
export class ToolCalls {
  readonly #peer: string;
  readonly #calls: Call[] = [];

  /** @param peer name in messages */
  constructor(peer: string) {
    this.#peer = peer;
  }

  get count(): number {
    return this.#calls.length;
  }

  /**
   * What can be given on after a piece: id (made up where there is none) and name come with the first piece of a call only,
   * so a call waits for both its name and the beginning of its arguments.
   *
   * @throws AppError `upstream_failed` for a name that changes when it has been given on
   */
  *read(piece: ToolCallPiece): Generator<ChatPart> {
    const text = textOf(piece.arguments);
    const call = this.#find(piece, text) ?? this.#begin(piece);
    call.givenId ??= piece.id || undefined;
    if (piece.name) this.#rename(call, piece.name);
    call.arguments += text;
    if (call.name && call.arguments) yield* this.#tell(call);
  }

  /** More arguments of a call that has begun; those of others (tools that a vendor runs itself) are nobody's. */
  *grow(index: number, text: string): Generator<ChatPart> {
    if (this.#calls.some(({ given }) => given === index)) yield* this.read({ index, arguments: text });
  }

  /**
   * What is still held when the model has finished.
   *
   * @param isCut the model was stopped in the middle: a call may be in pieces, who asked is told why
   * @throws AppError `upstream_failed` for a call that nobody could carry out
   */
  *end(isCut: boolean): Generator<ChatPart> {
    for (const call of this.#calls) {
      // A call without arguments has no JSON at all; who reads it expects some.
      if (!isCut) call.arguments ||= '{}';
      if (!isCut && !(call.name && isJson(call.arguments)))
        throw new AppError('upstream_failed', `${this.#peer} called a tool in a way that cannot be read.`);
      if (call.name) yield* this.#tell(call);
    }
  }

  *#tell(call: Call): Generator<ChatPart> {
    const isFirst = call.told === undefined;
    const text = call.arguments.slice(call.told ?? 0);
    call.told = call.arguments.length;
    if (isFirst)
      yield {
        type: 'tool_call',
        index: call.index,
        id: this.#idOf(call),
        name: call.name,
        ...(text && { arguments: text }),
      };
    else if (text) yield { type: 'tool_call', index: call.index, arguments: text };
  }

  /** The server's id, unless an earlier call has it too: results are told apart by it. */
  #idOf({ givenId, index }: Call): string {
    const isTaken = this.#calls.some((other) => other.givenId === givenId && other.index < index);
    return givenId && !isTaken ? givenId : `call_${randomText(16)}`;
  }

  /** Names come in one piece, in several, or whole with every piece. */
  #rename(call: Call, name: string): void {
    if (name === call.name) return;
    if (call.told !== undefined)
      throw new AppError('upstream_failed', `${this.#peer} changed the name of a tool in the middle of its call.`);
    call.name = name.startsWith(call.name) ? name : call.name + name;
  }

  #begin({ index: given, id }: ToolCallPiece): Call {
    const call: Call = {
      given,
      givenId: id || undefined,
      index: this.#calls.length,
      name: '',
      arguments: '',
      told: undefined,
    };
    this.#calls.push(call);
    return call;
  }

  /** The call that a piece goes on with; undefined = it begins one. */
  #find(piece: ToolCallPiece, text: string): Call | undefined {
    const call = this.#candidate(piece);
    // A whole call is not gone on with: this is the next one of a server that numbers them all alike.
    return call && piece.name && text && isJson(call.arguments) ? undefined : call;
  }

  #candidate({ index: given, id, name }: ToolCallPiece): Call | undefined {
    const numbered = given === undefined ? undefined : this.#calls.findLast((call) => call.given === given);
    if (id) {
      const named = this.#calls.findLast((call) => call.givenId === id);
      const isNumberedAlike = named?.given === given || named?.given === undefined || given === undefined;
      const same = this.#calls.findLast((call) => call.givenId === id && call.given === given);
      if (same ?? (named && (isNumberedAlike || !name))) return same ?? named;
      // The arguments may come before id and name.
      const isOpen = numbered && numbered.givenId === undefined && !(name && numbered.name);
      return isOpen ? numbered : undefined;
    }
    if (given !== undefined) return numbered;
    return name ? undefined : this.#calls.at(-1);
  }
}

function textOf(given: unknown): string {
  if (given === undefined || given === null) return '';
  return typeof given === 'string' ? given : JSON.stringify(given);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
