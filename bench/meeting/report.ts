import { parseArgs } from 'node:util';
import { percentile } from '@eloquence/testkit/call-report';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, publishedReport, say, settledReport, untilEnd } from '@eloquence/testkit/meetings/hold-meeting';
import { MeetingStage } from '@eloquence/testkit/meetings/meeting-stage';
import type { PlantedMeeting } from '@eloquence/testkit/meetings/planted-meeting';
import { textTable } from '@eloquence/testkit/text-table';
import { waitFor } from '@eloquence/testkit/wait-for';
import { show } from '../figures.ts';
import { watchLoad } from '../machine-load.ts';

/**
 * How long after the end of a meeting its draft and its final report are there, and the final in every format. The meeting is
 * fast-forwarded; all its mini-summaries but the last are there when it ends, as in a meeting that took its time. From the end on
 * the model writes 100 tokens a second, or fails: every request 500, or nobody at the address.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    times: { type: 'string', default: '5' },
    'tokens-per-s': { type: 'string', default: '100' },
    /** One of the lengths, by its name. */
    only: { type: 'string' },
  },
});
const TIMES = Number(values.times);
const TOKENS_PER_S = Number(values['tokens-per-s']);
const LENGTHS = [
  { hours: 1 / 6, name: '10 min' },
  { hours: 1, name: '1 h' },
  { hours: 4, name: '4 h' },
].filter(({ name }) => values.only === undefined || values.only === name);
if (LENGTHS.length === 0) throw new Error(`There is no meeting of ${values.only}: leave --only out to see all.`);
const PREPARED_MS = 180_000;
const ENDED_MS = 60_000;

type Llm = 'writing' | 'answers 500' | 'gone';

interface Row {
  readonly draftMs: number;
  readonly settledMs: number;
  readonly renderedMs: number;
  readonly kind: string;
}

async function prepared(stage: MeetingStage, meeting: PlantedMeeting): Promise<void> {
  const durationMs = meeting.endedAtMs - meeting.startedAtMs;
  const last = Math.ceil(durationMs / meeting.intervalMs) - 1;
  const spoken = new Set(meeting.utterances.map(({ start_ms: start }) => Math.floor(start / meeting.intervalMs)));
  const wanted = [...spoken].filter((n) => n < last).length;
  const look = async () => {
    const text = 'select count(*)::integer as count from meeting_chunks where session_id = $1';
    const { rows } = await stage.pool.query<{ count: number }>(text, [meeting.sessionId]);
    return (rows[0]?.count ?? 0) >= wanted;
  };
  await waitFor(look, { what: `${wanted} mini-summaries`, timeoutMs: PREPARED_MS, intervalMs: 100 });
}

async function measure(hours: number, llm: Llm, seed: number): Promise<Row> {
  const meeting = generateMeeting({ seed, hours, language: seed % 2 === 0 ? 'fr' : 'en' });
  await using stage = await MeetingStage.start([meeting]);
  const id = await openMeeting(stage.pool, meeting);
  await stage.startWorker();
  const [before, end] = untilEnd(meeting);
  await say(stage.log, id, before);
  await prepared(stage, meeting);
  if (llm === 'writing') stage.model.tokensPerSecond = TOKENS_PER_S;
  else if (llm === 'answers 500') stage.server.mode = { type: 'error', status: 500 };
  else await stage.server[Symbol.asyncDispose]();
  const endedMs = performance.now();
  await say(stage.log, id, end);
  const at = async (what: string, isThere: (now: Awaited<ReturnType<typeof publishedReport>>) => boolean) => {
    await waitFor(async () => isThere(await publishedReport(stage.pool, id)), {
      what,
      timeoutMs: ENDED_MS,
      intervalMs: 20,
    });
    return performance.now() - endedMs;
  };
  const draftMs = await at('a draft', (now) => now !== undefined);
  const settledMs = await at('what stands', (now) => now?.state === 'done' || now?.state === 'partial');
  const { report } = await settledReport(stage.pool, id, PREPARED_MS);
  const reason = report.draft_reason === null ? '' : ` (${report.draft_reason})`;
  return { draftMs, settledMs, renderedMs: performance.now() - endedMs, kind: `${report.kind}${reason}` };
}

function cells(list: readonly Row[], of: (row: Row) => number): string[] {
  const times = list.map((row) => of(row) / 1000);
  return [percentile(times, 0.5), percentile(times, 0.95)].map((value) => show(value, 2));
}

const load = watchLoad();
const head = ['length', 'model', 'n', 'draft p50 s', 'p95', 'stands p50 s', 'p95', 'rendered p50 s', 'p95', 'is'];
const rows: string[][] = [];
for (const { hours, name } of LENGTHS) {
  for (const llm of ['writing', 'answers 500', 'gone'] as const) {
    const times = llm === 'writing' ? TIMES : Math.ceil(TIMES / 3);
    const list: Row[] = [];
    for (let seed = 1; seed <= times; seed += 1) list.push(await measure(hours, llm, seed));
    const figures = [
      cells(list, (row) => row.draftMs),
      cells(list, (row) => row.settledMs),
      cells(list, (row) => row.renderedMs),
    ];
    const kinds = [...new Set(list.map(({ kind }) => kind))].join(', ');
    const model = llm === 'writing' ? `${TOKENS_PER_S} tokens/s` : llm;
    rows.push([name, model, String(list.length), ...figures.flat(), kinds]);
    process.stderr.write(`${rows.at(-1)?.join('  ')}\n`);
  }
}
process.stdout.write(`${textTable([head, ...rows]).join('\n')}\n`);
process.stdout.write('Goals: draft <= 2 s; what stands: <= 10 s p95 with the model, <= 30 s without one.\n');
process.stdout.write(`${load()}\n`);
process.exit(0);
