import { createPool, migrate, type Pool } from '@eloquence/shared/runtime/postgres';
import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { silent } from '../test-support/worker-under-test.ts';
import { inFolder } from './folder-turn.ts';
import { TranscriptFiles } from './transcript-files.ts';

const SESSION = 'ses_aaaaaaaaaaaaaaaaaaaa';
/** More than is read at once. */
const LINES = 1_200;

let stack: AsyncDisposableStack;
let pool: Pool;
let folder: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase(inject('databaseUrl')));
  pool = stack.adopt(createPool(database.url, silent), (opened) => opened.end());
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'eloquence-transcript-')), (path) => rm(path, { recursive: true }));
  await migrate(pool, silent);
  await pool.query(
    `insert into sessions (session_id, user_id, scenario_id, language, room_name, state, kind)
     values ($1, 'u', 'meeting', 'fr', $1, 'active', 'meeting')`,
    [SESSION],
  );
  await pool.query(
    `insert into utterances (session_id, utterance_id, seq, speaker, role, text, start_ms, end_ms)
     select $1, 'utt_' || lpad(n::text, 16, 'a'), n, 'anne', 'user', 'phrase ' || n, n * 1000, n * 1000 + 900
     from generate_series(1, $2::integer) n`,
    [SESSION, LINES],
  );
});
afterEach(() => stack.disposeAsync());

/** A pool whose connections break at the `nth` reading of lines. */
function breakingAt(nth: number): Pool {
  let readings = 0;
  const connect = async () => {
    const client = await pool.connect();
    const query = (text: string, values?: unknown[]) => {
      if (text.startsWith('select seq, utterance_id, speaker')) readings += 1;
      return readings === nth ? Promise.reject(new Error('the connection broke')) : client.query(text, values);
    };
    return { query, release: (broken?: boolean) => client.release(broken) };
  };
  return { connect } as unknown as Pool;
}

type Names = ReadonlyMap<string, string>;
const sync = (files: TranscriptFiles, names: Names) =>
  inFolder(pool, SESSION, 'wait', (client) => files.sync(client, SESSION, { folder, names }));
const restore = (names: Names, through: Pool = pool) =>
  inFolder(through, SESSION, 'wait', (client) => new TranscriptFiles().restore(client, SESSION, { folder, names }));
const linesOf = async (name: string) => (await readFile(join(folder, name), 'utf8')).split('\n').slice(0, -1);

test('a restoring that breaks off leaves both files as they were, whole; the next one has the new names', async () => {
  await sync(new TranscriptFiles(), new Map([['anne', 'Anne']]));
  const before = await linesOf('raw.txt');
  expect(before).toHaveLength(LINES);
  const names = new Map([['anne', 'Anne Roux']]);
  for (const nth of [1, 2, 3]) {
    await expect(restore(names, breakingAt(nth))).rejects.toThrow('broke');
    expect(await linesOf('raw.txt')).toEqual(before);
    expect(await linesOf('transcript.jsonl')).toHaveLength(LINES);
  }
  expect((await readdir(folder)).toSorted()).toEqual(['raw.txt', 'transcript.jsonl']);
  await restore(names);
  const after = await linesOf('raw.txt');
  expect(after).toHaveLength(LINES);
  expect(after.every((line) => line.includes('Anne Roux: '))).toBe(true);
});

test('files that are out of turn are made anew, and what is new is appended', async () => {
  const names = new Map([['anne', 'Anne']]);
  const files = new TranscriptFiles();
  await sync(files, names);
  await pool.query(`delete from utterances where utterance_id = 'utt_' || lpad('3', 16, 'a')`);
  await sync(files, names);
  expect(await linesOf('raw.txt')).toHaveLength(LINES - 1);
  await pool.query(
    `insert into utterances (session_id, utterance_id, seq, speaker, role, text, start_ms, end_ms)
     values ($1, 'utt_bbbbbbbbbbbbbbbb', $2, 'anne', 'user', 'la dernière', 0, 1)`,
    [SESSION, LINES + 1],
  );
  await sync(files, names);
  expect((await linesOf('transcript.jsonl')).at(-1)).toContain('la dernière');
  expect(await linesOf('raw.txt')).toHaveLength(LINES);
});

test('a line of somebody whose name is not known yet waits for it, and those behind it', async () => {
  await pool.query(`update utterances set speaker = 'bob-x7k2' where seq = 701`);
  const files = new TranscriptFiles();
  const early = new Map([['anne', 'Anne']]);
  await sync(files, early);
  await sync(files, early);
  expect(await linesOf('raw.txt')).toHaveLength(700);
  await sync(files, new Map([...early, ['bob-x7k2', 'Bob']]));
  expect(await linesOf('raw.txt')).toHaveLength(LINES);
  expect((await linesOf('raw.txt'))[700]).toBe('[00:11:41] Bob: phrase 701');
});

test('what a killed worker left beside the files is gone once they are written again', async () => {
  const names = new Map([['anne', 'Anne']]);
  for (const name of ['raw.txt.tmp', 'transcript.jsonl.tmp']) await writeFile(join(folder, name), 'half a li');
  await sync(new TranscriptFiles(), names);
  expect((await readdir(folder)).toSorted()).toEqual(['raw.txt', 'transcript.jsonl']);
  expect(await linesOf('raw.txt')).toHaveLength(LINES);
});

test('two workers write into one folder one after the other; one that does not want to wait leaves it', async () => {
  const steps: string[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();
  const first = inFolder(pool, SESSION, 'wait', async () => {
    steps.push('first begins');
    begin();
    await over;
    steps.push('first ends');
  });
  await begun;
  expect(await inFolder(pool, SESSION, 'skip', async () => void steps.push('never'))).toBe(false);
  const second = inFolder(pool, SESSION, 'wait', async () => void steps.push('second'));
  finish();
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(steps).toEqual(['first begins', 'first ends', 'second']);
});
