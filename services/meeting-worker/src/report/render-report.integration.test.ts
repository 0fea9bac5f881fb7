import { migrate } from '@eloquence/shared/runtime/postgres';
import { createTestDatabase } from '@eloquence/testkit/database';
import '@eloquence/testkit/integration-setup';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, say } from '@eloquence/testkit/meetings/hold-meeting';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import { RedisServer } from '@eloquence/testkit/redis-server';
import { waitFor } from '@eloquence/testkit/wait-for';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { createRenderer } from '../render/create-renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import { meetingsDir, silent, startWorker, Stores } from '../test-support/worker-under-test.ts';

const BUSY_MS = 60_000;

test('a format that always fails is given up, the others are there; a new process tries it again', async () => {
  await using redis = await RedisServer.start();
  await using database = await createTestDatabase(inject('databaseUrl'));
  const addresses = { redisUrl: redis.url, databaseUrl: database.url };
  await using stores = new Stores(addresses);
  await migrate(stores.pool, silent);
  const meeting = generateMeeting({ seed: 31, hours: 0.1, language: 'fr' });
  const id = await openMeeting(stores.pool, meeting);
  const there = createRenderer();
  const asked: string[] = [];
  const renderer: Renderer = {
    render: (report, format, signal) => {
      asked.push(format);
      return format === 'docx' ? Promise.reject(new Error('no such font')) : there.render(report, format, signal);
    },
  };
  const files = async () => {
    const text = 'select format, bytes is not null as made from meeting_files where session_id = $1 order by format';
    return (await stores.rows(text, id)).map(
      ({ format, made }) => `${String(format)}${made === true ? '' : ' failed'}`,
    );
  };
  // Nothing more is looked after than a meeting that is over.
  const isSettled = async () => {
    const text = 'select filed >= revision and announced >= revision and revision > 0 as settled from meetings';
    return (await stores.rows(text))[0]?.['settled'] === true;
  };
  const file = (format: string) => existsSync(join(meetingsDir, id, `report.${format}`));
  {
    await using worker = await startWorker(addresses, { renderer });
    // Without words there is nothing to ask a model.
    const silence = toEvents(meeting).filter(({ type }) => type !== 'utterance.final');
    await say(stores.log, id, silence);
    await waitFor(isSettled, { what: 'all done that can be', timeoutMs: BUSY_MS });
    expect(await files()).toEqual(['docx failed', 'html', 'json', 'md', 'pdf', 'srt', 'vtt']);
    expect([file('pdf'), file('docx')]).toEqual([true, false]);
    // One revision at most was overtaken by the next before it was given up.
    const [{ revision }] = (await stores.rows('select revision from meetings')) as [{ revision: number }];
    expect(asked.filter((format) => format === 'docx').length).toBeLessThanOrEqual(5 * revision);
    expect(await worker.metric('eloquence_jobs_total{name="render_report",outcome="failed"}')).toBe(1);
  }
  await using next = await startWorker(addresses);
  await waitFor(async () => file('docx') && (await isSettled()), { what: 'the missing file', timeoutMs: BUSY_MS });
  expect(await files()).toEqual(['docx', 'html', 'json', 'md', 'pdf', 'srt', 'vtt']);
  await next.running;
}, 180_000);
