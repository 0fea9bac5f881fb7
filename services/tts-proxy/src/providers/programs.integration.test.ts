import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtinOwnVoices } from '../voices/builtin-voices.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { french, speakAll, speechProviderConformance, type Opened } from './conformance-suite.ts';
import { espeakSpeech } from './espeak.ts';
import { findProgram } from './find-program.ts';
import { piperSpeech } from './piper.ts';

const program = findProgram('espeak-ng', process.env['PATH'] ?? '');
const espeak = program ?? 'espeak-ng';
const speaking = (path: string) => espeakSpeech({ program: path, voices: builtinOwnVoices.espeak });

/**
 * A program with Piper's options whose voice is espeak-ng's: Piper's models are downloads of 60 MB. It checks what it is
 * given and answers raw s16le at the rate the voice's description names.
 */
function piperStandIn(): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'piper-'));
  const model = join(folder, 'fr_FR-test.onnx');
  const male = join(folder, 'en_GB-test.onnx');
  for (const path of [model, male]) {
    writeFileSync(path, 'a model');
    writeFileSync(`${path}.json`, JSON.stringify({ audio: { sample_rate: 22_050 }, other: 1 }));
  }
  const script = join(folder, 'piper');
  const check = `[ "$1" = --model ] && { [ "$2" = "${model}" ] || [ "$2" = "${male}" ]; } && [ "$3" = --output-raw ] && [ "$4" = --length-scale ] || exit 9`;
  writeFileSync(script, `#!/bin/sh\n${check}\n"${espeak}" -v fr-fr --stdin --stdout | tail -c +45\n`);
  chmodSync(script, 0o755);
  const provider = piperSpeech({
    program: script,
    voices: { fr: { female: model }, en: { male } },
    hedgeAfterMs: 1_500,
  });
  return { provider, [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
}

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

describe.skipIf(!program)('voices that are programs', () => {
  speechProviderConformance('espeak-ng', () =>
    Promise.resolve({ provider: speaking(espeak), [Symbol.asyncDispose]: () => Promise.resolve() }),
  );
  speechProviderConformance('Piper (stand-in program)', () => Promise.resolve(piperStandIn()));

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
