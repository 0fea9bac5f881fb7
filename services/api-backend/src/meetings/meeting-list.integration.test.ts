import { meetingListSchema, type MeetingList } from '@eloquence/shared/contracts/meeting-api';
import { Tenants } from '@eloquence/shared/runtime/tenants';
import { createTestDatabase, type TestDatabase } from '@eloquence/testkit/database';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { redisDatabase, startTestApp, type TestApp } from '../testing/test-app.ts';

const keys = ['first-key-of-the-list-tests', 'other-key-of-the-list-tests'] as const;
const idOf = (letter: string) => `ses_${letter.repeat(20)}`;
const dayOf = (day: number) => `2026-01-0${day}T09:00:00.000Z`;
let database: TestDatabase;
let app: TestApp;

interface Seeded {
  readonly letter: string;
  readonly day: number;
  readonly key?: string;
  readonly kind?: string;
  readonly session?: string;
  /** State of the minutes; without it meeting-worker has not seen the meeting. */
  readonly minutes?: string;
}

async function seed({ letter, day, key = keys[0], kind = 'meeting', session = 'ended', minutes }: Seeded) {
  const tenant = new Tenants('', keys).ofKey(key);
  await app.pool.query(
    `insert into sessions (session_id, user_id, scenario_id, language, name, room_name, state, kind, tenant, created_at, started_at)
     values ($1, 'zoe', 'meeting', 'fr', $2, $1, $3, $4, $5, $6, $6)`,
    [idOf(letter), letter === 'a' ? null : `Point ${letter}`, session, kind, tenant, dayOf(day)],
  );
  if (minutes !== undefined)
    await app.pool.query(`insert into meetings (session_id, state, report) values ($1, $2, $3)`, [
      idOf(letter),
      minutes,
      minutes === 'recording' ? null : JSON.stringify({ duration_ms: day * 60_000 }),
    ]);
}

async function list(query = '', key: string = keys[0]): Promise<MeetingList> {
  const answer = await app.server.inject({
    url: `/api/meetings${query}`,
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.statusCode, answer.body).toBe(200);
  return meetingListSchema.parse(answer.json());
}

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  app = await startTestApp({
    redisUrl: redisDatabase(inject('redisUrl'), 13),
    databaseUrl: database.url,
    livekit: inject('livekit'),
    env: { API_KEYS: keys.join(',') },
  });
  await seed({ letter: 'a', day: 1, minutes: 'done' });
  await seed({ letter: 'b', day: 2, minutes: 'partial' });
  await seed({ letter: 'c', day: 3, minutes: 'recording' });
  await seed({ letter: 'd', day: 4 });
  await seed({ letter: 'e', day: 5, session: 'active', minutes: 'recording' });
  await seed({ letter: 'f', day: 6, kind: 'conversation' });
  await seed({ letter: 'g', day: 7, key: keys[1] });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

it('lists meetings only, newest first, with how their minutes stand', async () => {
  expect((await list()).meetings).toEqual([
    { session_id: idOf('e'), title: 'Point e', started_at: dayOf(5), state: 'recording', duration_ms: null },
    { session_id: idOf('d'), title: 'Point d', started_at: dayOf(4), state: 'writing', duration_ms: null },
    { session_id: idOf('c'), title: 'Point c', started_at: dayOf(3), state: 'writing', duration_ms: null },
    { session_id: idOf('b'), title: 'Point b', started_at: dayOf(2), state: 'partial', duration_ms: 120_000 },
    { session_id: idOf('a'), title: null, started_at: dayOf(1), state: 'done', duration_ms: 60_000 },
  ]);
});

it('goes on where the page before stopped, and shows another key its own', async () => {
  const first = await list('?limit=3');
  expect(first.meetings).toHaveLength(3);
  const second = await list(`?limit=3&cursor=${first.next_cursor}`);
  expect(second.meetings.map((one) => one.session_id)).toEqual([idOf('b'), idOf('a')]);
  expect(second.next_cursor).toBeNull();
  expect((await list('', keys[1])).meetings.map((one) => one.session_id)).toEqual([idOf('g')]);
});

it('refuses a page nobody gave out, and whoever has no key', async () => {
  const headers = { authorization: `Bearer ${keys[0]}` };
  for (const query of ['?cursor=x', '?limit=0', '?kind=meeting'])
    expect((await app.server.inject({ url: `/api/meetings${query}`, headers })).statusCode, query).toBe(400);
  expect((await app.server.inject('/api/meetings')).statusCode).toBe(401);
});
