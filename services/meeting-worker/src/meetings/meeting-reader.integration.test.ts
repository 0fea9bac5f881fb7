import type { Span } from '@eloquence/shared/contracts/meeting';
import { createPool, migrate } from '@eloquence/shared/runtime/postgres';
import { mergeSpans } from '@eloquence/shared/runtime/spans';
import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting } from '@eloquence/testkit/meetings/hold-meeting';
import { seededRandom } from '@eloquence/testkit/seeded-random';
import { expect, inject, test } from 'vitest';
import { silent } from '../test-support/worker-under-test.ts';
import { readMeeting } from './meeting-reader.ts';

const bySpeaker = (spans: readonly Span[]) => Map.groupBy(spans, ({ speaker }) => speaker);

test('what was transcribed is read as few spans that cover the same, in order of who was heard first', async () => {
  await using database = await createTestDatabase(inject('databaseUrl'));
  const pool = createPool(database.url, silent, { max: 2 });
  await migrate(pool, silent);
  const id = await openMeeting(pool, generateMeeting({ seed: 1, hours: 0.1, language: 'fr' }));
  const random = seededRandom(5);
  const names = ['zoé.them', 'anne', 'marc'];
  const spans: Span[] = Array.from({ length: 900 }, (_, index) => {
    const startMs = Math.floor(index / 3) * 10_000 + Math.floor(random() * 3) * 4_000;
    const endMs = startMs + Math.floor(random() * 5) * 4_000;
    return { speaker: names[index % 3] ?? '', start_ms: startMs, end_ms: endMs };
  });
  // Nothing of the contract forbids what is no time at all.
  spans.push({ speaker: 'anne', start_ms: 9_000_000, end_ms: 8_000_000 });
  for (let seq = 0; seq * 7 < spans.length; seq += 1)
    await pool.query(
      `insert into events (session_id, seq, type, at, body) values ($1, $2, 'audio.transcribed', now(), $3)`,
      [id, seq + 1, { type: 'audio.transcribed', spans: spans.slice(seq * 7, seq * 7 + 7) }],
    );
  const meeting = await readMeeting(pool, id, (_id, error) => {
    throw error;
  });
  expect(bySpeaker(meeting?.spans ?? [])).toEqual(
    bySpeaker(mergeSpans(spans.filter((span) => span.end_ms > span.start_ms))),
  );
  expect([...bySpeaker(meeting?.spans ?? []).keys()]).toEqual(names);
  expect(meeting?.spans.length).toBeLessThan(700);
  await pool.end();
});
