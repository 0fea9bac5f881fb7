import { execFileSync } from 'node:child_process';
import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';

/** A sentence by espeak-ng as s16le mono. Needs espeak-ng and sox on the PATH. */
export function speak(
  text: string,
  options: { voice?: string; wordsPerMinute?: number; rateHz?: number } = {},
): Buffer {
  const { voice = 'fr-fr', wordsPerMinute = 150, rateHz = STT_SAMPLE_RATE_HZ } = options;
  const wav = execFileSync('espeak-ng', ['-v', voice, '-s', String(wordsPerMinute), '--stdout', text], {
    maxBuffer: 1e8,
  });
  return sox(['-t', 'wav', '-', ...raw(rateHz), '-'], wav);
}

export function silence(durationMs: number, rateHz = STT_SAMPLE_RATE_HZ): Buffer {
  return Buffer.alloc(Math.round((durationMs * rateHz) / 1000) * 2);
}

/** A 50 Hz mains hum with its third harmonic and some hiss, as a bad cable gives. */
export function hum(durationMs: number): Buffer {
  const seconds = String(durationMs / 1000);
  const synth = [
    'synth',
    seconds,
    'sine',
    '50',
    'synth',
    seconds,
    'sine',
    'mix',
    '150',
    'synth',
    seconds,
    'whitenoise',
    'mix',
  ];
  return sox(['-n', ...raw(STT_SAMPLE_RATE_HZ), '-', ...synth, 'gain', '-20'], Buffer.alloc(0));
}

function raw(rateHz: number): string[] {
  return ['-t', 'raw', '-r', String(rateHz), '-b', '16', '-e', 'signed', '-c', '1'];
}

function sox(args: readonly string[], input: Buffer): Buffer {
  return execFileSync('sox', ['-V1', ...args], { input, maxBuffer: 1e9 });
}
