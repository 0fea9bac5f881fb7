import { SAMPLE_RATE_HZ } from '@eloquence/testkit/waveform';
import type { Clip } from './clip-set.ts';
import { playLive, type LiveResult } from './live.ts';
import { randomModel } from './random-model.ts';
import { redecodesOf } from './redecodes.ts';
import { peakMemoryMb, startGateway, startWhisper, type RunningService } from './services.ts';
import type { ModelRequest, SttOptions } from './stt-options.ts';
import { summarize, type ClipResult, type SttRow } from './stt-row.ts';
import { transcribe } from './transcribe.ts';

/** As French is spoken. */
const TOKENS_PER_S = 4;

export interface MeasureOptions extends Pick<SttOptions, 'language' | 'endpointingMs' | 'speed' | 'live'> {
  readonly clips: readonly Clip[];
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * One model with one window through the whole set: each clip alone through whisper-stt, then each through the gateway. A
 * model that cannot be had or breaks down is a row too.
 *
 * @throws the signal's reason when stopped
 */
export async function measureModel(request: ModelRequest, window: string, options: MeasureOptions): Promise<SttRow> {
  const { signal, onProgress } = options;
  const about = { model: request.name, window };
  try {
    onProgress(`${request.name}, window ${window}: loading`);
    const model =
      request.kind === 'random' ? await randomModel(request.shape, tokensFor(options.clips)) : request.model;
    await using whisper = await startWhisper({ model, window, onProgress });
    const name = `${request.name}, window ${window}`;
    const before = await redecodesOf(whisper, signal);
    const direct = await decodeAll(whisper, name, options);
    const after = await redecodesOf(whisper, signal);
    // Ready for a listener only when the gateway is: it asks whisper-stt first.
    const live = options.live ? await playAll(whisper, name, options) : undefined;
    const results = options.clips.map((clip, index): ClipResult => {
      const heard = direct[index];
      if (!heard) throw new Error(`${clip.name} was not decoded`);
      const audioS = clip.pcm.length / SAMPLE_RATE_HZ;
      return {
        clip: clip.name,
        said: clip.text,
        audioS,
        heard: heard.text,
        callS: heard.callMs / 1000,
        live: live?.[index] ?? null,
      };
    });
    return {
      outcome: 'measured',
      ...about,
      engine: whisper.ready.engine?.label ?? 'unknown',
      runsOn: whisper.ready.checks.find((check) => check.name === 'model')?.detail ?? '',
      loadS: whisper.startMs / 1000,
      redecodes: { pieces: after.pieces - before.pieces, again: after.again - before.again },
      memoryMb: peakMemoryMb(whisper.process) ?? null,
      ...summarize(results, request.kind === 'given'),
      results,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: 'failed', ...about, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What can be said in the shortest clip, or the guards would send the others' share through the full window again. */
function tokensFor(clips: readonly Clip[]): number {
  const shortestS = Math.min(...clips.map(({ pcm }) => pcm.length / SAMPLE_RATE_HZ));
  return Math.max(2, Math.min(12, Math.round(TOKENS_PER_S * shortestS)));
}

async function decodeAll(whisper: RunningService, name: string, options: MeasureOptions) {
  const { clips, language, signal, onProgress } = options;
  const heard: Awaited<ReturnType<typeof transcribe>>[] = [];
  for (const [index, clip] of clips.entries()) {
    onProgress(`${name}: clip ${index + 1} of ${clips.length}, direct`);
    heard.push(await transcribe(whisper, clip.pcm, { language, signal }));
  }
  return heard;
}

async function playAll(whisper: RunningService, name: string, options: MeasureOptions): Promise<LiveResult[]> {
  const { clips, onProgress } = options;
  await using gateway = await startGateway(whisper);
  const played: LiveResult[] = [];
  for (const [index, clip] of clips.entries()) {
    onProgress(`${name}: clip ${index + 1} of ${clips.length}, live`);
    played.push(await playLive(gateway, clip, options));
  }
  return played;
}
