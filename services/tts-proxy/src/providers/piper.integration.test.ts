import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '@eloquence/testkit/free-port';
import { writePiperVoice } from '@eloquence/testkit/piper-voice';
import { ManagedProcess } from '@eloquence/testkit/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { resolveVoice } from '../voices/resolve-voice.ts';
import { builtinMap } from '../voices/voice-map.ts';
import { french, speakAll, speechProviderConformance, type Opened } from './conformance-suite.ts';
import { createProviders } from './create-providers.ts';
import type { SpeechProvider } from './provider.ts';

/** The real Piper, installed by `npm test`; its voices are 900 bytes here instead of 60 MB: tones as long as the phonemes. */
const BIN = resolve(import.meta.dirname, '../../../../.eloquence/clients-venv/bin');
const hasPiper = existsSync(join(BIN, 'piper'));

const folder = mkdtempSync(join(tmpdir(), 'piper-voices-'));
const siwis = join(folder, 'fr_FR-siwis-medium.onnx');
const alan = join(folder, 'en_GB-alan-medium.onnx');
const upmc = join(folder, 'fr_FR-upmc-medium.onnx');

function providerOf(env: Record<string, string>): SpeechProvider {
  const config = readConfig({ INTERNAL_API_KEY: 'internal-key-of-the-test', PATH: BIN, ...env });
  return createProviders(config.providers)[0] as SpeechProvider;
}

/** The pitch of a tone, from its zero crossings. */
function pitchHz(samples: readonly number[]): number {
  const rises = samples.filter((sample, index) => sample >= 0 && (samples[index - 1] ?? 0) < 0).length;
  return rises / (samples.length / 24_000);
}

describe.skipIf(!hasPiper)('the real Piper', () => {
  let server: ManagedProcess;
  let url: string;
  beforeAll(async () => {
    writePiperVoice(siwis, { language: 'fr', sampleRateHz: 22_050, frequencyHz: 300 });
    writePiperVoice(alan, { language: 'en-gb-x-rp', sampleRateHz: 16_000, frequencyHz: 150 });
    writePiperVoice(upmc, { language: 'fr', sampleRateHz: 44_100, frequencyHz: 200, speakers: ['jessica', 'pierre'] });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const args = ['-m', 'piper.http_server', '--host', '127.0.0.1', '--port', String(port), '--data-dir', folder];
    server = new ManagedProcess({
      name: 'piper.http_server',
      command: join(BIN, 'python'),
      args: [...args, '-m', siwis],
      cwd: folder,
    });
    await server.ready(async () => (await fetch(`${url}/voices`)).ok, 50_000);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const ways: Record<string, () => SpeechProvider> = {
    program: () => providerOf({ PIPER_VOICE_FR: siwis, PIPER_VOICE_EN: alan }),
    server: () => providerOf({ PIPER_URL: url }),
  };
  for (const [way, open] of Object.entries(ways)) {
    speechProviderConformance(`Piper, its ${way}`, (): Promise<Opened> => {
      const provider = open();
      return Promise.resolve({ provider, [Symbol.asyncDispose]: async () => provider.close?.() });
    });

    it(`its ${way} speaks each language with its voice, at its own rate and pace`, async () => {
      const provider = open();
      const woman = await speakAll(provider, french);
      expect(pitchHz(woman)).toBeCloseTo(300, -1);
      const man = await speakAll(provider, { ...french, voice: resolveVoice(builtinMap, 'coach-man-en') });
      expect(pitchHz(man)).toBeCloseTo(150, -1);
      const slow = await speakAll(provider, { ...french, speed: 0.5 });
      expect(slow.length / woman.length).toBeCloseTo(2, 1);
      const twice = await speakAll(provider, { ...french, text: `${french.text} ${french.text}` });
      expect(twice.length / woman.length).toBeCloseTo(2, 1);
      await provider.close?.();
    });

    it(`its ${way} speaks with one of several speakers, by name`, async () => {
      const voice = way === 'program' ? upmc : 'fr_FR-upmc-medium';
      const provider = providerOf({
        ...(way === 'server' && { PIPER_URL: url }),
        PIPER_VOICE_FR: `${voice}#pierre`,
      });
      expect(pitchHz(await speakAll(provider, french))).toBeCloseTo(400, -1);
      await provider.close?.();
    });
  }

  it('is found wanting by the check when the server lacks the voice that is set', async () => {
    const provider = providerOf({ PIPER_URL: url, PIPER_VOICE_FR: 'fr_FR-tom-medium' });
    await expect(provider.check(new AbortController().signal)).rejects.toThrow(/fr_FR-tom-medium.*PIPER_VOICE_FR/);
    await provider.close?.();
  });
});
