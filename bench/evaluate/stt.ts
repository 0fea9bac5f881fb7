/**
 * Which speech model for this machine: `npm run evaluate:stt -- --models demo,small --set FOLDER`. Ends with code 1 when no
 * model could be measured, 2 for options or a set that make no sense.
 */
import { SAMPLE_RATE_HZ } from '@eloquence/testkit/waveform';
import { normalizedWords } from '@eloquence/testkit/word-error-rate';
import { readClipSet, type ClipSet } from './clip-set.ts';
import { runCommand } from './command.ts';
import { callersFolder } from './config.ts';
import { thisMachine } from './machine.ts';
import { measureModel } from './measure-model.ts';
import { Progress } from './progress.ts';
import { readSttOptions, sttUsage, type SttOptions } from './stt-options.ts';
import { renderSttReport, type SttReport } from './stt-report.ts';
import type { SttRow } from './stt-row.ts';

async function main(signal: AbortSignal): Promise<number> {
  const options = readSttOptions(process.argv.slice(2), callersFolder);
  if (!options) {
    process.stdout.write(sttUsage);
    return 0;
  }
  const machine = thisMachine();
  const progress = new Progress();
  progress.at('reading the recordings');
  const set = await readClipSet({ ...options, signal });
  const rows: SttRow[] = [];
  try {
    for (const model of options.models) {
      for (const window of options.windows) {
        const onProgress = (text: string) => progress.at(text);
        const row = await measureModel(model, window, { ...options, clips: set.clips, signal, onProgress });
        rows.push(row);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    progress.say(`stopped; ${rows.length} of ${options.models.length * options.windows.length} rows were measured`);
  }
  progress.end();
  if (rows.length > 0) print({ machine, set: about(set), options: shown(options), rows }, options);
  return rows.some((row) => row.outcome === 'measured') ? 0 : 1;
}

function print(report: SttReport, { json, errors }: SttOptions): void {
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : renderSttReport(report, errors));
}

function about({ name, clips }: ClipSet): SttReport['set'] {
  const samples = clips.reduce((sum, clip) => sum + clip.pcm.length, 0);
  const words = clips.reduce((sum, clip) => sum + normalizedWords(clip.text).length, 0);
  return { name, clips: clips.length, audioS: samples / SAMPLE_RATE_HZ, words };
}

function shown({ language, endpointingMs, speed, live }: SttOptions): SttReport['options'] {
  return { language, endpointingMs, speed, live };
}

await runCommand(main);
