/**
 * Which voice for this machine: `npm run evaluate:tts -- --voices coach-fr`. Ends with code 1 when no voice could be measured, 2
 * for options or a set that make no sense.
 */
import { resolve } from 'node:path';
import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { resample } from '@eloquence/testkit/resample';
import { SAMPLE_RATE_HZ } from '@eloquence/testkit/waveform';
import { readClipSet, type ClipSet } from './clip-set.ts';
import { runCommand } from './command.ts';
import { callersFolder, internalKey } from './config.ts';
import { loudnessOf } from '@eloquence/testkit/loudness';
import { thisMachine } from './machine.ts';
import { Progress } from './progress.ts';
import { startTtsProxy, startWhisper, type RunningService } from './services.ts';
import { speakAll } from './speak.ts';
import { transcribe } from './transcribe.ts';
import { readTtsOptions, ttsUsage, type TtsOptions } from './tts-options.ts';
import { renderTtsReport, type TtsReport } from './tts-report.ts';
import { voiceRow, type TtsRow } from './tts-row.ts';
import { totalErrors } from './word-errors.ts';

interface Bench {
  readonly options: TtsOptions;
  readonly set: ClipSet;
  readonly listener: RunningService;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function main(signal: AbortSignal): Promise<number> {
  const options = readTtsOptions(process.argv.slice(2), { folder: callersFolder, internalKey });
  if (!options) {
    process.stdout.write(ttsUsage);
    return 0;
  }
  const machine = thisMachine();
  const progress = new Progress();
  const set = await readClipSet({
    set: options.set,
    clips: options.clips,
    voices: ['fr-fr'],
    noiseDb: undefined,
    signal,
  });
  progress.at(`listener ${options.listener}: loading`);
  const model = options.listener.startsWith('.') ? resolve(callersFolder, options.listener) : options.listener;
  await using listener = await startWhisper({ model, window: undefined, onProgress: (text) => progress.at(text) });
  const bench = { options, set, listener, signal, progress };
  const own = await understand(
    bench,
    set.clips.map(({ pcm }) => pcm),
  );
  const floor = totalErrors(set.clips.map((clip, index) => ({ said: clip.text, heard: own[index] ?? '' })));
  const rows = await measureVoices(bench);
  progress.end();
  const report: TtsReport = {
    machine,
    set: { name: set.name, sentences: set.clips.length, words: floor.referenceWords },
    listener: { model: options.listener, label: listener.ready.engine?.label ?? options.listener, floor },
    rows,
  };
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : renderTtsReport(report, options.errors));
  return rows.some((row) => row.outcome === 'measured') ? 0 : 1;
}

async function measureVoices(bench: Bench): Promise<TtsRow[]> {
  const { source } = bench.options;
  if (source.kind === 'running') return measureEach(bench, source, source.url);
  const rows: TtsRow[] = [];
  for (const { name, env } of source.providers) {
    try {
      await using proxy = await startTtsProxy(env);
      rows.push(...(await measureEach(bench, proxy, name)));
    } catch (error) {
      bench.signal.throwIfAborted();
      rows.push({ outcome: 'failed', provider: name, voice: '-', reason: messageOf(error) });
    }
  }
  return rows;
}

async function measureEach(
  bench: Bench,
  proxy: { readonly url: string; readonly key: string },
  provider: string,
): Promise<TtsRow[]> {
  const rows: TtsRow[] = [];
  for (const voice of bench.options.voices) {
    try {
      rows.push(await measureVoice(bench, proxy, { provider, voice }));
    } catch (error) {
      bench.signal.throwIfAborted();
      rows.push({ outcome: 'failed', provider, voice, reason: messageOf(error) });
    }
  }
  return rows;
}

async function measureVoice(
  bench: Bench,
  proxy: { readonly url: string; readonly key: string },
  { provider, voice }: { readonly provider: string; readonly voice: string },
): Promise<TtsRow> {
  const { options, set, signal, progress } = bench;
  const said = set.clips.map(({ text }) => text);
  const spoken = await speakAll(proxy, said, {
    voice,
    language: options.language,
    pauseMs: options.pauseMs,
    signal,
    onProgress: (index) => progress.at(`${provider}, ${voice}: sentence ${index + 1} of ${said.length}`),
  });
  const heard = await understand(
    bench,
    spoken.map(({ pcm }) => resample(pcm, TTS_SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)),
  );
  const loudness = await loudnessOf(joined(spoken.map(({ pcm }) => pcm)));
  return voiceRow({ provider, voice, spoken, said, heard, loudness });
}

/** What the listener hears in recordings at 16 kHz. */
async function understand({ options, listener, signal, progress }: Bench, recordings: readonly Int16Array[]) {
  const heard: string[] = [];
  for (const [index, pcm] of recordings.entries()) {
    progress.at(`listening to ${index + 1} of ${recordings.length}`);
    heard.push((await transcribe(listener, pcm, { language: options.language, signal })).text);
  }
  return heard;
}

function joined(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await runCommand(main);
