import { readdirSync } from 'node:fs';
import { Client, type Pool } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { randomText } from './ids.ts';
import { createPool, inTransaction, migrate } from './postgres.ts';

const silent = pino({ level: 'silent' });
const files = readdirSync(new URL('../../migrations/', import.meta.url)).toSorted();
const pools: Pool[] = [];
let name = '';
let url = '';

// This package may not use the testkit (it is below it), so it makes its own database.
async function administer(statement: string): Promise<void> {
  const client = new Client(inject('databaseUrl'));
  await client.connect();
  await client.query(statement);
  await client.end();
}

beforeEach(async () => {
  name = `shared_${randomText(10)}`;
  await administer(`create database ${name}`);
  url = Object.assign(new URL(inject('databaseUrl')), { pathname: `/${name}` }).href;
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  await administer(`drop database ${name} with (force)`);
});

function connect(): Pool {
  const pool = createPool(url, silent, { max: 4 });
  pools.push(pool);
  return pool;
}

const applied = async (pool: Pool) =>
  (await pool.query<{ name: string }>('select name from migrations order by name')).rows.map((row) => row.name);

test('services that start at once migrate once', async () => {
  const starting = Array.from({ length: 5 }, connect);
  await Promise.all(starting.map((pool) => migrate(pool, silent)));
  expect(await applied(connect())).toEqual(files);
});

test('migrating a database that is up to date changes nothing', async () => {
  const pool = connect();
  await migrate(pool, silent);
  await pool.query(
    `insert into sessions (session_id, user_id, scenario_id, language, room_name, state) values ('s', 'u', 'c', 'fr', 'r', 'created')`,
  );
  await migrate(pool, silent);
  expect((await pool.query('select session_id from sessions')).rows).toEqual([{ session_id: 's' }]);
  expect(await applied(pool)).toEqual(files);
});

test('the lock is given back: a later start does not wait for ever', async () => {
  const pool = connect();
  await migrate(pool, silent);
  const { rows } = await pool.query(`select count(*)::integer as held from pg_locks where locktype = 'advisory'`);
  expect(rows).toEqual([{ held: 0 }]);
});

test('a transaction is committed as a whole or not at all, and its connection can be used again', async () => {
  const pool = createPool(url, silent, { max: 1 });
  pools.push(pool);
  await pool.query('create table numbers (n integer primary key)');
  const failing = inTransaction(pool, async (client) => {
    await client.query('insert into numbers values (1)');
    await client.query('insert into numbers values (1)');
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(
    await inTransaction(pool, async (client) => (await client.query('insert into numbers values (2)')).rowCount),
  ).toBe(1);
  expect((await pool.query('select n from numbers')).rows).toEqual([{ n: 2 }]);
});

test('a connection lost inside a transaction is an error, and the pool recovers', async () => {
  const pool = connect();
  const failing = inTransaction(pool, (client) => client.query('select pg_terminate_backend(pg_backend_pid())'));
  await expect(failing).rejects.toMatchObject({ code: '57P01' });
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});
