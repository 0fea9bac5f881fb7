import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { readStack, startStack, type Stack } from './start-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: Stack;
  }
}

/** Starts the product once for all end-to-end tests by the command a user types, in a state folder of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateDir = process.env.ELOQUENCE_E2E_STATE_DIR;
  if (stateDir) {
    const stack = readStack(path.resolve(stateDir));
    if (!stack)
      throw new Error(`No stack runs in ${stateDir}: start one with ELOQUENCE_STATE_DIR=${stateDir} npm start`);
    project.provide('stack', stack);
    return async () => undefined;
  }
  const running = await startStack();
  project.provide('stack', running.stack);
  return async () => running[Symbol.asyncDispose]();
}
