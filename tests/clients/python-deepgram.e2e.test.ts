import { describe, expect, test } from 'vitest';
import { OwnGateway } from './own-gateway.ts';
import { only, Recordings, runAcrossRestart, runPython, type Report } from './python-client.ts';
import { misheard, record } from './speech.ts';
import { key, sttUrl as url, whisperUrl } from './stack.ts';

const texts = (reports: readonly Report[]) => reports.map(({ text }) => String(text));
const said = ["pouvez-vous répéter s'il vous plaît", 'quelle est votre adresse'];

describe('deepgram-sdk (Python)', () => {
  test('hears a sentence, echoes Finalize, closes in order', async () => {
    using recordings = new Recordings([await record(said, { tailMs: 1_000 })]);
    const reports = await runPython('deepgram_live', { url, key, recordings: recordings.paths, speed: 1 });
    const messages = only(reports, 'message');
    const results = messages.filter(({ type }) => type === 'ListenV1Results').map(({ message }) => message as Results);
    const finals = results.filter(({ is_final }) => is_final);
    expect(
      misheard(
        said,
        finals.map(({ channel }) => channel.alternatives[0]?.transcript ?? ''),
      ),
    ).toEqual([]);
    expect(results.some(({ is_final }) => !is_final)).toBe(true);
    expect(finals.at(-1)).toMatchObject({ from_finalize: true });
    expect(messages.at(-1)).toMatchObject({ type: 'ListenV1Metadata' });
    expect(messages.map(({ type }) => type)).toContain('ListenV1SpeechStarted');
    expect(reports.at(-1)?.kind).toBe('closed');
  });

  test('a wrong key is an ApiError with 401', async () => {
    const reports = await runPython('deepgram_live', { url, key: 'a-wrong-key', recordings: [], speed: 1 });
    expect(only(reports, 'exception')[0]).toMatchObject({ type: 'ApiError' });
    expect(only(reports, 'exception')[0]?.message).toContain('401');
  });
});

interface Results {
  readonly is_final: boolean;
  readonly channel: { readonly alternatives: readonly { readonly transcript: string }[] };
}

describe('livekit-plugins-deepgram (Python)', () => {
  const script = 'livekit_deepgram';

  test('hears sentences with its own settings: interims, one final each, words, and the ends of speech', async () => {
    const recording = await record(said, { tailMs: 1_500 });
    using recordings = new Recordings([recording]);
    const reports = await runPython(script, { url, key, recordings: recordings.paths, speed: 1, ends: 2 });
    const finals = only(reports, 'final_transcript').filter(({ text }) => text);
    expect(misheard(said, texts(finals))).toEqual([]);
    expect(finals).toHaveLength(said.length);
    expect(only(reports, 'interim_transcript').length).toBeGreaterThanOrEqual(2);
    expect(only(reports, 'start_of_speech')).toHaveLength(said.length);
    expect(only(reports, 'end_of_speech')).toHaveLength(said.length);
    for (const [index, { words, language }] of finals.entries()) {
      const { startS, endS } = recording.sentences[index] ?? { startS: 0, endS: 0 };
      const times = words as [string, number, number][];
      expect(language).toBe('fr');
      expect(times[0]?.[1]).toBeGreaterThan(startS - 0.3);
      expect(times.at(-1)?.[2]).toBeLessThan(endS + 0.3);
    }
  });

  test('a flush gives the text without a pause', async () => {
    const sentences = await Promise.all(said.map((text) => record([text], { tailMs: 0 })));
    using recordings = new Recordings(sentences);
    const reports = await runPython(script, {
      url,
      key,
      recordings: recordings.paths,
      speed: 2,
      flush: true,
      ends: 0,
    });
    const finals = only(reports, 'final_transcript').filter(({ text }) => text);
    expect(misheard(said, texts(finals))).toEqual([]);
    expect(only(reports, 'exception')).toEqual([]);
  });

  test('connects again by itself after a restart of the gateway', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    using recordings = new Recordings(await Promise.all(said.map((text) => record([text], { tailMs: 1_000 }))));
    const reports = await runAcrossRestart(gateway, script, { recordings: recordings.paths, speed: 1, ends: 2 });
    expect(misheard(said, texts(only(reports, 'final_transcript').filter(({ text }) => text)))).toEqual([]);
    expect(only(reports, 'error').every(({ recoverable }) => recoverable)).toBe(true);
  });

  test('a wrong key is an error with 401', async () => {
    using recordings = new Recordings([await record(['oui'])]);
    const reports = await runPython(script, {
      url,
      key: 'a-wrong-key',
      recordings: recordings.paths,
      speed: 4,
      ends: 1,
    });
    expect(String(only(reports, 'error')[0]?.message)).toContain('401');
    expect(only(reports, 'error')[0]).toMatchObject({ recoverable: false });
  });
});

describe('pipecat DeepgramSTTService', () => {
  const script = 'pipecat_speech';

  test('hears turn by turn; what its VAD ends is finalized and confirmed', async () => {
    const turns = await Promise.all(said.map((text) => record([text], { pauseMs: 300, tailMs: 200 })));
    using recordings = new Recordings(turns);
    const reports = await runPython(script, { service: 'deepgram', url, key, recordings: recordings.paths, speed: 1 });
    const finals = only(reports, 'final');
    expect(misheard(said, texts(finals))).toEqual([]);
    expect(finals.every(({ finalized, language }) => finalized === true && language === 'fr')).toBe(true);
    expect(only(reports, 'interim').length).toBeGreaterThanOrEqual(1);
    expect(reports.at(-1)?.kind).toBe('ended');
  });

  test('connects again by itself after a restart of the gateway', async () => {
    await using gateway = await OwnGateway.start(whisperUrl, key);
    const turns = await Promise.all(said.map((text) => record([text], { pauseMs: 300, tailMs: 200 })));
    using recordings = new Recordings(turns);
    const asked = { service: 'deepgram', recordings: recordings.paths, speed: 1 };
    const reports = await runAcrossRestart(gateway, script, asked);
    expect(misheard(said, texts(only(reports, 'final')))).toEqual([]);
  });

  test('a wrong key is a permanent error with 401', async () => {
    using recordings = new Recordings([await record(['oui'])]);
    const reports = await runPython(script, {
      service: 'deepgram',
      url,
      key: 'a-wrong-key',
      recordings: recordings.paths,
      speed: 4,
    });
    expect(String(only(reports, 'error')[0]?.message)).toContain('401');
  });
});
