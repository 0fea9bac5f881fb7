import { AccessToken } from 'livekit-server-sdk';
import { expect, inject, test } from 'vitest';
import { Caller } from './caller.ts';
import './integration-setup.ts';
import { synthesize } from './speech-synthesis.ts';
import { waitFor } from './wait-for.ts';
import { bargeInStopMs, responseLatencyMs, SAMPLE_RATE_HZ, soundBounds, toMs, toSamples } from './waveform.ts';

async function join(room: string, identity: string): Promise<Caller> {
  const { url, apiKey, apiSecret } = inject('livekit');
  const token = new AccessToken(apiKey, apiSecret, { identity });
  token.addGrant({ room, roomJoin: true });
  return Caller.join({ livekitUrl: url, token: await token.toJwt() });
}

const tone = (lengthMs: number) =>
  Int16Array.from({ length: toSamples(lengthMs) }, (_, at) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * 440 * at) / SAMPLE_RATE_HZ)),
  );

test('two callers hear each other, and the times of speech agree with what is heard', async () => {
  await using anna = await join('two-callers', 'anna');
  await using ben = await join('two-callers', 'ben');
  await waitFor(() => anna.others.includes('ben') && ben.others.includes('anna'));

  const question = await anna.speak(await synthesize('bonjour je voudrais un rendez-vous demain'));
  await ben.heard.waitForSound(0, { timeoutMs: 5_000 });
  await ben.heard.waitForSilence(700, () => ben.nowMs, { timeoutMs: 5_000 });
  await ben.speak(tone(1_000));
  await anna.heard.waitForSound(0, { timeoutMs: 5_000 });
  await anna.heard.waitForSilence(700, () => anna.nowMs, { timeoutMs: 5_000 });

  const heardByBen = soundBounds(ben.heard.toPcm());
  const lengthMs = (heardByBen?.toMs ?? 0) - (heardByBen?.fromMs ?? 0);
  expect(Math.abs(lengthMs - (question.toMs - question.fromMs))).toBeLessThan(60);
  // Wire, jitter buffer and decoder: well under a second on loopback.
  const delayMs = ben.toWallMs(heardByBen?.toMs ?? 0) - anna.toWallMs(question.toMs);
  expect(delayMs).toBeGreaterThan(0);
  expect(delayMs).toBeLessThan(500);
  // Ben answered after he had heard 700 ms of silence.
  const latencyMs = responseLatencyMs(question, anna.heard.segments());
  expect(latencyMs).toBeGreaterThan(700);
  expect(latencyMs).toBeLessThan(2_000);
});

test('speech takes as long on the wire as the recording is long', async () => {
  await using anna = await join('pace', 'anna');
  const pcm = tone(2_000);
  const beforeMs = anna.nowMs;
  const spoken = await anna.speak(pcm);
  expect(spoken.toMs - spoken.fromMs).toBeCloseTo(toMs(pcm.length), -1);
  expect(Math.abs(spoken.startedMs - beforeMs)).toBeLessThan(200);
});

test('an interruption is timed against what is still heard', async () => {
  await using anna = await join('barge-in', 'anna');
  await using ben = await join('barge-in', 'ben');
  await waitFor(() => ben.others.includes('anna'));
  const talking = ben.speak(tone(3_000));
  const soundMs = await anna.heard.waitForSound(0, { timeoutMs: 5_000 });
  const interruption = await anna.speak(tone(500));
  await talking;
  await anna.heard.waitForSilence(300, () => anna.nowMs, { timeoutMs: 5_000 });
  const stopMs = bargeInStopMs(interruption.fromMs, anna.heard.segments({ joinGapMs: 100 }));
  expect(Math.abs((stopMs ?? 0) - (3_000 - (interruption.fromMs - soundMs)))).toBeLessThan(250);
});
