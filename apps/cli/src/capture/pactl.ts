import { execFile } from 'node:child_process';
import * as z from 'zod';
import { captureProblem, type UserLanguage } from './problems.ts';

/** What env(1) ends with when there is no such program. */
const NOT_FOUND = 127;
const TIMEOUT_MS = 3_000;

const sinkInputsSchema = z.array(z.object({ sink: z.number(), corked: z.boolean(), mute: z.boolean() }));
const sourcesSchema = z.array(z.object({ index: z.number(), name: z.string(), description: z.string().default('') }));
const sinksSchema = z.array(z.object({ index: z.number(), name: z.string(), description: z.string().default('') }));

/** A PulseAudio sink or source, or one of PipeWire's. */
export type PulseDevice = z.infer<typeof sinksSchema>[number];

/** What the sound server says of itself, by `pactl`. Every method throws an AppError that names the fix. */
export class Pactl {
  readonly #language: UserLanguage;

  constructor(language: UserLanguage) {
    this.#language = language;
  }

  async defaultName(kind: 'sink' | 'source', signal: AbortSignal): Promise<string> {
    return (await this.#run([`get-default-${kind}`], signal)).trim();
  }

  async sources(signal: AbortSignal): Promise<PulseDevice[]> {
    return sourcesSchema.parse(await this.#json(['list', 'sources'], signal));
  }

  /** Whether a program plays into the sink right now. */
  async plays(sinkName: string, signal: AbortSignal): Promise<boolean> {
    const inputs = sinkInputsSchema.parse(await this.#json(['list', 'sink-inputs'], signal));
    if (inputs.length === 0) return false;
    const sinks = sinksSchema.parse(await this.#json(['list', 'sinks'], signal));
    const index = sinks.find(({ name }) => name === sinkName)?.index;
    return inputs.some(({ sink, corked, mute }) => sink === index && !corked && !mute);
  }

  async #json(args: readonly string[], signal: AbortSignal): Promise<unknown> {
    return JSON.parse(await this.#run(['--format=json', ...args], signal));
  }

  #run(args: readonly string[], signal: AbortSignal): Promise<string> {
    const options = { timeout: TIMEOUT_MS, signal, maxBuffer: 4_000_000 };
    return new Promise((resolve, reject) => {
      // Numbers with points, complaints in one language.
      execFile('env', ['LC_ALL=C', 'pactl', ...args], options, (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (signal.aborted) reject(signal.reason as Error);
        else if (error.code === NOT_FOUND) reject(captureProblem('parec_missing', this.#language));
        else reject(captureProblem('no_sound_server', this.#language, lastLine(stderr)));
      });
    });
  }
}

/** The last line of what a program complained about. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}
