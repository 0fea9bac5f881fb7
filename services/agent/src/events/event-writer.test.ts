import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionEventBody } from '@eloquence/shared/contracts/events';
import { AppError } from '@eloquence/shared/runtime/errors';
import { newSessionId, newUtteranceId } from '@eloquence/shared/runtime/ids';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { expect, onTestFinished, test } from 'vitest';
import { sendLeftOvers } from '../worker/send-left-overs.ts';
import { EventWriter } from './event-writer.ts';
import { leftOvers, SpoolFile } from './spool.ts';

const logger = createLogger('test', 'silent');
const at = '2026-01-01T00:00:00.000Z';
const state = (name: 'listening' | 'speaking'): SessionEventBody => ({ type: 'state.changed', at, state: name });
const utterance = (text: string): SessionEventBody => ({
  type: 'utterance.final',
  at,
  utterance: { utterance_id: newUtteranceId(), speaker: 'marie', role: 'user', text, start_ms: 0, end_ms: 1 },
});

/** An event log that can be away. */
class Log {
  away = false;
  readonly bodies: SessionEventBody[] = [];
  readonly append = async (_id: string, body: SessionEventBody): Promise<number> => {
    if (this.away) throw new AppError('unavailable', 'away');
    return this.bodies.push(body);
  };
  readonly publishInterim = async (): Promise<void> => {};
}

function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'spool-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const log = new Log();
  const sessionId = newSessionId();
  const spool = new SpoolFile(join(directory, 'spool'), sessionId, 999_999_999);
  return {
    directory: join(directory, 'spool'),
    log,
    sessionId,
    writer: new EventWriter({ sessionId, log, spool, logger }),
  };
}

test('events go out in the order they were given', async () => {
  const { log, writer } = setUp();
  const bodies = [state('speaking'), utterance('un'), utterance('deux'), state('listening')];
  for (const body of bodies) writer.append(body);
  expect(await writer.close(1_000)).toBe(0);
  expect(log.bodies).toEqual(bodies);
});

test('the last event is the last, whenever it was given', async () => {
  const { log, writer } = setUp();
  writer.appendLast(() => state('listening'));
  writer.append(utterance('un'));
  expect(await writer.close(1_000)).toBe(0);
  expect(log.bodies.map(({ type }) => type)).toEqual(['utterance.final', 'state.changed']);
});

test('while Redis is away events are on disk, and when it is back they go out in order and the file is gone', async () => {
  const { directory, log, writer } = setUp();
  log.away = true;
  const bodies = [utterance('un'), utterance('deux'), utterance('trois')];
  for (const body of bodies) writer.append(body);
  await waitFor(() => readdirSync(directory).length === 1);
  log.away = false;
  await waitFor(() => log.bodies.length === 3);
  expect(await writer.close(1_000)).toBe(0);
  expect(log.bodies).toEqual(bodies);
  expect(readdirSync(directory)).toEqual([]);
});

test('what an ended job left behind is sent by the worker, once', async () => {
  const { directory, log, sessionId, writer } = setUp();
  log.away = true;
  writer.append(utterance('un'));
  writer.append(utterance('deux'));
  expect(await writer.close(50)).toBe(2);
  expect((await leftOvers(directory, 0)).map((file) => [file.sessionId, file.bodies.length])).toEqual([[sessionId, 2]]);
  await sendLeftOvers(directory, log, logger, 0);
  expect(readdirSync(directory)).toHaveLength(1);
  log.away = false;
  await sendLeftOvers(directory, log, logger, 0);
  expect(log.bodies).toHaveLength(2);
  expect(readdirSync(directory)).toEqual([]);
});

test('a file whose writer lives is left to it', async () => {
  const { directory, sessionId } = setUp();
  await new SpoolFile(directory, sessionId, process.pid).write(utterance('un'));
  expect(await leftOvers(directory, 1_000)).toEqual([]);
});

test('an event that is not of its contract is let go and does not hold up the others', async () => {
  const { log, writer } = setUp();
  const append = log.append;
  Object.assign(log, {
    append: (id: string, body: SessionEventBody) =>
      body.type === 'state.changed' ? Promise.reject(new AppError('invalid_request', 'bad')) : append(id, body),
  });
  writer.append(state('speaking'));
  writer.append(utterance('un'));
  expect(await writer.close(1_000)).toBe(0);
  expect(log.bodies).toHaveLength(1);
});
