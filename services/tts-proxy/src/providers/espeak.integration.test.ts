import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtinOwnVoices } from '../voices/builtin-voices.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { french, speakAll, speechProviderConformance } from './conformance-suite.ts';
import { espeakSpeech } from './espeak.ts';
import { findProgram } from './find-program.ts';

const program = findProgram('espeak-ng', process.env['PATH'] ?? '');
const espeak = program ?? 'espeak-ng';
const speaking = (path: string) => espeakSpeech({ program: path, voices: builtinOwnVoices.espeak });

/** Processes of this one's children that are still there, by command line. */
function childrenNamed(name: string): number {
  return readdirSync('/proc').filter((id) => {
    try {
      const [, , state, parent] = readFileSync(`/proc/${id}/stat`, 'utf8')
        .replace(/\(.*\)/, 'x')
        .split(' ');
      const isMine = Number(parent) === process.pid && state !== 'Z';
      return isMine && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(name);
    } catch {
      return false;
    }
  }).length;
}

/** Median pitch of a voice, Hz: the strongest period of each loud 40 ms. */
function pitchHz(samples: readonly number[]): number {
  const pitches: number[] = [];
  for (let at = 0; at + 1_920 < samples.length; at += 1_920) {
    const window = samples.slice(at, at + 1_920);
    if (Math.sqrt(window.reduce((sum, sample) => sum + sample * sample, 0) / window.length) < 1_000) continue;
    let best = { lag: 0, likeness: 0 };
    for (let lag = 70; lag <= 400; lag += 1) {
      let likeness = 0;
      for (let index = 0; index < 960; index += 1)
        likeness += (window[index] as number) * (window[index + lag] as number);
      if (likeness > best.likeness * 1.05) best = { lag, likeness };
    }
    if (best.lag > 0) pitches.push(24_000 / best.lag);
  }
  return pitches.toSorted((a, b) => a - b)[Math.floor(pitches.length / 2)] ?? 0;
}

describe('a program that does not do as it should', () => {
  it.each([
    ['dies of a signal: the text’s fault', 'kill -ABRT $$', 'invalid_request'],
    ['ends with an error: its own', 'exit 1', 'upstream_failed'],
  ])('%s', async (_what, line, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'espeak-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'espeak-ng');
    writeFileSync(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    await expect(speakAll(speaking(path), french)).rejects.toMatchObject({ code });
  });
});

describe.skipIf(!program)('espeak-ng', () => {
  speechProviderConformance('espeak-ng', () =>
    Promise.resolve({ provider: speaking(espeak), [Symbol.asyncDispose]: () => Promise.resolve() }),
  );

  it('kills the program at once when the answer is not wanted any more', async () => {
    const provider = speaking(espeak);
    const controller = new AbortController();
    const long = { ...french, text: 'Bonjour à tous et merci d’être venus. '.repeat(100) };
    let atAbortMs = 0;
    const reading = (async () => {
      for await (const piece of provider.speak(long, controller.signal)) {
        if (piece.length === 0 || atAbortMs) continue;
        expect(childrenNamed('espeak-ng')).toBe(1);
        atAbortMs = performance.now();
        controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => childrenNamed('espeak-ng'), { interval: 5 }).toBe(0);
    expect(performance.now() - atAbortMs).toBeLessThan(500);
  });

  it('reads the whole of a long text, and French sounds unlike English', async () => {
    const provider = speaking(espeak);
    const once = await speakAll(provider, french);
    const ten = await speakAll(provider, { ...french, text: `${french.text} `.repeat(10) });
    expect(ten.length).toBeGreaterThan(once.length * 8);
    expect(await speakAll(provider, { ...french, voice: resolveVoice(builtinMap, 'coach-en') })).not.toEqual(once);
  });

  it.each([...builtinMap.keys()])('is a woman or a man as %s says, in both languages', async (id) => {
    for (const language of ['fr', 'en'] as const) {
      const voice = resolveVoice(builtinMap, id, { language });
      const hz = pitchHz(await speakAll(speaking(espeak), { ...french, voice }));
      expect(hz > 150 ? 'female' : 'male').toBe(voice.gender);
    }
  });

  it('tells a program that fails from one that is not there', async () => {
    await expect(speakAll(speaking('/bin/false'), french)).rejects.toMatchObject({
      code: 'upstream_failed',
    });
    await expect(speakAll(speaking('/no/such'), french)).rejects.toMatchObject({
      code: 'upstream_failed',
    });
    await expect(speakAll(speaking('/bin/pwd'), french)).rejects.toThrow(/not the sound|exit code/);
  });
});
