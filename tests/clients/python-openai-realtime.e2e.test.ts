import { describe, expect, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { only, Recordings, runAcrossRestart, runPython } from './python-client.ts';
import { misheard, record, type RecordingOptions } from './speech.ts';
import { key, sttUrl as url, whisperUrl } from './stack.ts';

const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse'];
const texts = (reports: readonly Record<string, unknown>[]) => reports.map(({ text }) => String(text));
const turnByTurn = async (options: RecordingOptions) =>
  new Recordings(await Promise.all(said.map((text) => record([text], options))));
const RATE = { rateHz: 24_000 };
const COMPLETED = 'conversation.item.input_audio_transcription.completed';

const completed = (reports: Awaited<ReturnType<typeof runPython>>) =>
  only(reports, 'event')
    .map(({ event }) => event as { type: string; transcript?: string })
    .filter(({ type }) => type === COMPLETED)
    .map(({ transcript }) => transcript ?? '');

describe('openai (Python), realtime', () => {
  test('turns found by the gateway', async () => {
    using recordings = new Recordings([await record(said, { ...RATE, tailMs: 1_500 })]);
    const asked = { url, key, recordings: recordings.paths, speed: 1, texts: said.length };
    const reports = await runPython('openai_live', { ...asked, turns: { type: 'server_vad' } });
    expect(only(reports, 'exception')).toEqual([]);
    expect(misheard(said, completed(reports))).toEqual([]);
  });

  test('turns committed by the client', async () => {
    using recordings = await turnByTurn({ ...RATE, pauseMs: 400 });
    const asked = { url, key, recordings: recordings.paths, speed: 2, texts: said.length };
    const reports = await runPython('openai_live', { ...asked, turns: null });
    expect(only(reports, 'exception')).toEqual([]);
    expect(misheard(said, completed(reports))).toEqual([]);
  });

  test('a wrong key is an error with 401', async () => {
    const asked = { url, key: 'a-wrong-key', recordings: [], speed: 1, texts: 0, turns: null };
    expect(String(only(await runPython('openai_live', asked), 'exception')[0]?.message)).toContain('401');
  });
});

describe('livekit-plugins-openai (Python), realtime', () => {
  const script = 'livekit_openai_live';

  test.each([
    ['server_vad', 'gpt-4o-transcribe'],
    ['its own VAD', 'gpt-realtime-whisper'],
  ])('turns by %s: interims, one final each, and the ends of speech', async (_, model) => {
    using recordings = new Recordings([await record(said, { ...RATE, tailMs: 2_000 })]);
    const asked = { url, key, model, recordings: recordings.paths, speed: 1, texts: said.length };
    const reports = await runPython(script, asked);
    expect(only(reports, 'exception')).toEqual([]);
    expect(misheard(said, texts(only(reports, 'final_transcript')))).toEqual([]);
    expect(only(reports, 'start_of_speech')).toHaveLength(said.length);
    expect(only(reports, 'end_of_speech')).toHaveLength(said.length);
    expect(only(reports, 'interim_transcript').length).toBeGreaterThanOrEqual(1);
  });

  test('a restart is told as an error and ends its stream; the next one works', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    using recordings = await turnByTurn({ ...RATE, tailMs: 1_500 });
    const asked = { model: 'gpt-4o-transcribe', recordings: recordings.paths, speed: 1, texts: said.length };
    const reports = await runAcrossRestart(gateway, script, asked);
    expect(misheard(said, texts(only(reports, 'final_transcript')))).toEqual([]);
    expect(String(only(reports, 'error')[0]?.message)).toContain('1001');
    expect(only(reports, 'error').at(-1)).toMatchObject({ recoverable: false });
  });

  test('a wrong key is an error with 401', async () => {
    using recordings = new Recordings([await record(['oui'], RATE)]);
    const asked = { url, key: 'a-wrong-key', model: 'gpt-4o-transcribe', recordings: recordings.paths };
    const reports = await runPython(script, { ...asked, speed: 4, texts: 1 });
    expect(String(only(reports, 'error')[0]?.message)).toContain('401');
  });
});

describe('pipecat OpenAIRealtimeSTTService', () => {
  const script = 'pipecat_speech';
  const service = 'openai-realtime';

  test('turns ended by the VAD of its pipeline', async () => {
    using recordings = await turnByTurn({ pauseMs: 300, tailMs: 200 });
    const reports = await runPython(script, { service, url, key, recordings: recordings.paths, speed: 1 });
    expect(misheard(said, texts(only(reports, 'final')))).toEqual([]);
    expect(reports.at(-1)?.kind).toBe('ended');
  });

  test('turns found by the gateway', async () => {
    using recordings = await turnByTurn({ pauseMs: 300, tailMs: 1_500 });
    const asked = { service, url, key, recordings: recordings.paths, speed: 1, local_vad: false, server_vad: true };
    const reports = await runPython(script, asked);
    expect(misheard(said, texts(only(reports, 'final')))).toEqual([]);
    expect(only(reports, 'ProposedUserStartedSpeakingFrame')).toHaveLength(said.length);
    expect(only(reports, 'ProposedUserStoppedSpeakingFrame')).toHaveLength(said.length);
  });

  test('connects again by itself after a restart of the gateway', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    using recordings = await turnByTurn({ pauseMs: 300, tailMs: 200 });
    const reports = await runAcrossRestart(gateway, script, { service, recordings: recordings.paths, speed: 1 });
    expect(misheard(said, texts(only(reports, 'final')))).toEqual([]);
  });

  test('a wrong key is an error with 401', async () => {
    using recordings = new Recordings([await record(['oui'], { tailMs: 200 })]);
    const asked = { service, url, key: 'a-wrong-key', recordings: recordings.paths, speed: 4 };
    expect(String(only(await runPython(script, asked), 'error')[0]?.message)).toContain('401');
  });
});
