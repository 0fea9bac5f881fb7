import type { TranscriptionEvent } from '@eloquence/shared/contracts/transcriptions';
import { EventLog, eventTime } from '@eloquence/shared/runtime/event-log';
import { createTestDatabase } from '@eloquence/testkit/database';
import { expect, inject, it } from 'vitest';
import { done, FakeSttGateway } from '../testing/fake-stt-gateway.ts';
import { announce, redisDatabase, startTestApp } from '../testing/test-app.ts';

const said = Array.from({ length: 40 }, (_, n) => `mot${String(n).padStart(2, '0')}`);
/** Forty words of half a second, from an engine that does not say when each was spoken. */
const untimed: TranscriptionEvent = { type: 'transcript.text.delta', delta: ` ${said.join(' ')}`, start: 0, end: 20 };

it.each([
  ['just before the middle', 9_500, said.slice(19)],
  ['just after the middle', 10_500, said.slice(21)],
  ['near the end', 18_000, said.slice(36)],
])('an engine without word times: heard until %s of a stretch, the rest of it is written', async (_, until, rest) => {
  await using database = await createTestDatabase(inject('databaseUrl'));
  await using gateway = await new FakeSttGateway().start();
  gateway.steps = () => [untimed, done(20)];
  const redisUrl = redisDatabase(inject('redisUrl'), 14);
  const env = { STT_URL: gateway.url };
  await using app = await startTestApp({ redisUrl, databaseUrl: database.url, livekit: inject('livekit'), env });
  await announce(app.redis);
  const opened = await app.server.inject({
    method: 'POST',
    url: '/api/sessions',
    payload: { user_id: 'u', scenario_id: 'meeting' },
  });
  const { session_id: id } = opened.json();
  const log = new EventLog(app.redis);
  await log.append(id, { type: 'session.started', at: eventTime(new Date(Date.now() - 60_000)) });
  const span = { speaker: 'anne.me', start_ms: 0, end_ms: until };
  await log.append(id, { type: 'audio.transcribed', at: eventTime(), spans: [span] });
  const answer = await app.server.inject({
    method: 'POST',
    url: `/api/sessions/${id}/audio?speaker=anne.me&start_ms=0`,
    headers: { 'content-type': 'audio/flac' },
    payload: 'a recording',
  });
  expect(answer.statusCode, answer.body).toBe(200);
  const texts = (await log.read(id, 0)).flatMap((event) =>
    event.type === 'utterance.final' ? event.utterance.text.split(' ') : [],
  );
  expect(texts).toEqual(rest);
});
