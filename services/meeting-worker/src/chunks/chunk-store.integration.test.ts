import type { Chunk } from '@eloquence/shared/contracts/meeting';
import { createPool, migrate, type Pool } from '@eloquence/shared/runtime/postgres';
import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { PostgresAnswers } from '../llm/answer-store.ts';
import { silent } from '../test-support/worker-under-test.ts';
import { ChunkStore } from './chunk-store.ts';

const SESSION = 'ses_aaaaaaaaaaaaaaaaaaaa';

let stack: AsyncDisposableStack;
let pool: Pool;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase(inject('databaseUrl')));
  pool = stack.adopt(createPool(database.url, silent), (opened) => opened.end());
  await migrate(pool, silent);
  await pool.query(
    `insert into sessions (session_id, user_id, scenario_id, language, room_name, state, kind)
     values ($1, 'u', 'meeting', 'fr', $1, 'active', 'meeting')`,
    [SESSION],
  );
});
afterEach(() => stack.disposeAsync());

const chunk = (revision: number, inputHash: string): Chunk => ({
  session_id: SESSION,
  n: 0,
  revision,
  start_ms: 0,
  end_ms: 600_000,
  status: 'empty',
  input_hash: inputHash,
  writer: { kind: 'rules', rules_version: 'r' },
  items: [],
  unverified: [],
  glossary: [],
});
const stored = async () =>
  (await pool.query<{ revision: number; input_hash: string }>('select revision, input_hash from meeting_chunks')).rows;

describe('a chunk in Postgres', () => {
  test('is there once, whoever writes it twice', async () => {
    const store = new ChunkStore(pool);
    const both = await Promise.all([store.commit(chunk(1, 'a'), 0), store.commit(chunk(1, 'a'), 0)]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(await stored()).toEqual([{ revision: 1, input_hash: 'a' }]);
  });

  test('is replaced only by one that was made to replace it', async () => {
    const store = new ChunkStore(pool);
    await store.commit(chunk(1, 'a'), 0);
    expect(await store.commit(chunk(2, 'b'), 1)).toBe(true);
    // A late twin, made of older text.
    expect(await store.commit(chunk(2, 'old'), 1)).toBe(false);
    expect(await store.commit(chunk(1, 'old'), 0)).toBe(false);
    expect(await stored()).toEqual([{ revision: 2, input_hash: 'b' }]);
  });

  test('is not written of a session that was deleted', async () => {
    await pool.query('update sessions set deleted_at = now()');
    expect(await new ChunkStore(pool).commit(chunk(1, 'a'), 0)).toBe(false);
    expect(await stored()).toEqual([]);
  });

  test('knows the times of words where there are any', async () => {
    await pool.query(
      `insert into utterances (session_id, utterance_id, seq, speaker, role, text, start_ms, end_ms, words)
       values ($1, 'utt_aaaaaaaaaaaaaaaa', 1, 'k', 'user', 'oui', 0, 1, '[{"text":"oui","start_ms":0,"end_ms":1}]'),
         ($1, 'utt_bbbbbbbbbbbbbbbb', 2, 'k', 'user', 'non', 0, 1, null)`,
      [SESSION],
    );
    const words = await new ChunkStore(pool).words(SESSION, ['utt_aaaaaaaaaaaaaaaa', 'utt_bbbbbbbbbbbbbbbb']);
    expect([...words]).toEqual([['utt_aaaaaaaaaaaaaaaa', [{ text: 'oui', start_ms: 0, end_ms: 1 }]]]);
  });
});

describe('answers of models', () => {
  test('are kept, the first of two; another session has its own', async () => {
    const answers = new PostgresAnswers(pool);
    await answers.keep(SESSION, 'hash', { content: '{}', model: 'a/b' });
    await answers.keep(SESSION, 'hash', { content: '{"late":1}', model: 'a/b' });
    expect(await answers.find(SESSION, 'hash')).toEqual({ content: '{}', model: 'a/b' });
    expect(await answers.find(SESSION, 'other')).toBeUndefined();
    expect(await answers.find('ses_bbbbbbbbbbbbbbbbbbbb', 'hash')).toBeUndefined();
  });

  test('are not kept of a session that is gone', async () => {
    await pool.query('update sessions set deleted_at = now()');
    const answers = new PostgresAnswers(pool);
    await answers.keep(SESSION, 'hash', { content: '{}', model: 'a/b' });
    expect(await answers.find(SESSION, 'hash')).toBeUndefined();
  });
});
