import { ExactJoint } from './exact-joint.ts';
import { ToldJoint } from './told-joint.ts';

export interface JointOptions {
  /** The continuation comes from a wire that goes on at the last letter; others were told in words to go on. */
  readonly exact: boolean;
}

/** Joins an answer that broke off and its continuation by another model, which may repeat some of the end of it. */
export class Joint {
  readonly #joint: ExactJoint | ToldJoint;

  constructor(said: string, { exact }: JointOptions) {
    this.#joint = exact ? new ExactJoint(said) : new ToldJoint(said);
  }

  /** Takes the next text of the continuation. @returns what is to be said of all so far */
  push(text: string): string {
    return this.#joint.push(text);
  }

  /** No more text comes, or something that is no text. @returns what was held back and is to be said */
  end(): string {
    return this.#joint.end();
  }
}
