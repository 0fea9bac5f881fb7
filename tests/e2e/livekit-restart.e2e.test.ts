import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createSessionResponseSchema, transcriptSchema } from '@eloquence/shared/contracts/sessions';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { Caller } from '@eloquence/testkit/caller';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import * as z from 'zod';

const stack = inject('stack');

function liveKitPid(): number {
  const record: unknown = JSON.parse(readFileSync(path.join(stack.stateDir, 'pids', 'livekit.json'), 'utf8'));
  return z.object({ pid: z.number().int().min(2) }).parse(record).pid;
}

test('LiveKit is killed while the person speaks: once both are back, the agent hears and answers', async () => {
  const session = await requestJson({
    url: `${stack.urls.api}/api/sessions`,
    peer: 'api-backend',
    method: 'POST',
    body: { user_id: 'restart', scenario_id: 'coaching_vocal', language: 'fr' },
    schema: createSessionResponseSchema,
  });
  const said = async (role: 'user' | 'agent') => {
    const url = `${stack.urls.api}/api/sessions/${session.session_id}/transcript.json`;
    const { utterances } = await requestJson({ url, peer: 'api-backend', schema: transcriptSchema });
    return utterances.filter((utterance) => utterance.role === role).length;
  };
  const sentence = await synthesize('bonjour madame');
  await using caller = await Caller.join({ livekitUrl: session.livekit_url, token: session.livekit_token });
  await waitFor(async () => (await said('agent')) === 1, { what: 'the greeting', timeoutMs: 20_000, intervalMs: 200 });

  const speaking = caller.speak(sentence);
  await waitFor(() => caller.others.length > 0 && caller.nowMs > 0, { what: 'the agent in the room' });
  const killed = liveKitPid();
  // Half a word in: the person's client reconnects before the agent's, which is when the agent stayed deaf.
  setTimeout(() => process.kill(killed, 'SIGKILL'), 700);
  await speaking;
  await waitFor(() => liveKitPid() !== killed, { what: 'another LiveKit', timeoutMs: 20_000 });
  await waitFor(() => caller.connected && caller.others.length > 0, {
    what: 'both back in the room',
    timeoutMs: 40_000,
    intervalMs: 100,
  });

  const [before, answersBefore] = [await said('user'), await said('agent')];
  await waitFor(
    async () => {
      await caller.speak(sentence);
      return (await said('user')) > before;
    },
    { what: 'the agent hears again', timeoutMs: 30_000, intervalMs: 2_000 },
  );
  await waitFor(async () => (await said('agent')) > answersBefore, { what: 'an answer', timeoutMs: 20_000 });
  expect(caller.connected).toBe(true);
});
