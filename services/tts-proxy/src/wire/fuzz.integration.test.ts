import { readdirSync } from 'node:fs';
import { fuzzSpeechSockets } from '@eloquence/testkit/speech-socket-fuzz';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { espeakSpeech } from '../providers/espeak.ts';
import { serveTts } from '../test-server.ts';
import { KEY, SpeakClient } from '../test-support/serve-wires.ts';

const espeak = readConfig({ INTERNAL_API_KEY: KEY, PATH: process.env['PATH'] }).providers.find(
  (settings) => settings.id === 'espeak',
);
/** Open files of this process: sockets, pipes to voices. */
const openFiles = () => readdirSync('/proc/self/fd').length;

describe.skipIf(!espeak)('a thousand random messages', () => {
  test('on /v1/speak end no process, disturb no other socket, and leave nothing open', async () => {
    await using server = await serveTts({ providers: espeak ? [espeakSpeech(espeak)] : [] });
    using neighbour = await SpeakClient.open(server.url);
    const before = openFiles();
    const report = await fuzzSpeechSockets({ wire: 'speak', url: server.url, key: KEY, messages: 1_000, seed: 5 });
    // Several send at once, so the last may be one too many.
    expect(report.sent).toBeGreaterThanOrEqual(1_000);
    expect(report.sockets).toBeGreaterThan(10);
    expect(report.answers['sound']).toBeGreaterThan(10);
    // A fault of ours.
    expect(report.closes).not.toHaveProperty('1011');
    neighbour.speak('Bonjour à tous.');
    neighbour.flush();
    await expect.poll(() => neighbour.of('Flushed').length, { timeout: 20_000 }).toBe(1);
    expect(neighbour.sound.length).toBeGreaterThan(20_000);
    await expect.poll(openFiles, { timeout: 20_000 }).toBeLessThanOrEqual(before + 2);
    await expect
      .poll(() => server.telemetry.registry.metrics(), { timeout: 5_000 })
      .toContain('eloquence_tts_streams 1');
  }, 120_000);
});
