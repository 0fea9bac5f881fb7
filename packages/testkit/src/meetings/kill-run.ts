import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pick, seededRandom, type Random } from '../seeded-random.ts';
import { waitFor } from '../wait-for.ts';
import { openMeeting, sayThroughOutages, settledReport, type PublishedReport } from './hold-meeting.ts';
import { toEvents } from './meeting-events.ts';
import { MeetingStage, type RunningWorker } from './meeting-stage.ts';
import type { PlantedMeeting } from './planted-meeting.ts';
import { Tap, type Blow } from './tap.ts';

/** Who dies: the worker at a write to one of its stores, or a store itself, the worker living on. */
export type Victim = 'worker_at_postgres' | 'worker_at_redis' | 'redis' | 'postgres';

export interface KillPlan {
  readonly seed: number;
  readonly kills: number;
  readonly victims: readonly Victim[];
}

export interface Kill {
  readonly victim: Victim;
  readonly blow: Blow;
  /** The write it came at, counted from the start of the worker. */
  readonly at: number;
  /** From the start of the next worker, or the store's return, until something of the meeting is written; null: nothing was left. */
  readonly resumedMs: number | null;
}

export interface KillRun {
  readonly published: PublishedReport;
  /** Files of the meeting's folder by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly utterances: number;
  readonly events: number;
  readonly requests: number;
  /** Requests that were the same as an earlier one. */
  readonly repeated: number;
  readonly kills: readonly Kill[];
  /** Writes to Postgres and Redis while nobody was killed. */
  readonly writes: { readonly postgres: number; readonly redis: number };
}

const POSTGRES_WRITES = /\b(?:insert|update|delete|commit)\b/i;
const REDIS_WRITES = /\r\n(?:evalsha|eval|xack|zrem|zadd|set|hset|publish|expire|pexpire|xadd|incr|multi)\r\n/i;
const SETTLE_MS = 90_000;
/** Kills come while there is work: at most so many writes after a start. */
const WITHIN_WRITES = 60;

/** Holds a meeting while things are killed, until its report stands. No kills: the run the others are compared with. */
export async function runWithKills(meeting: PlantedMeeting, plan: KillPlan): Promise<KillRun> {
  await using stage = await MeetingStage.start([meeting]);
  await using postgres = await Tap.start(stage.postgres.port, POSTGRES_WRITES);
  await using redis = await Tap.start(stage.redis.port, REDIS_WRITES);
  const scene = new KillScene({ stage, postgres, redis, random: seededRandom(plan.seed) });
  const id = await openMeeting(stage.pool, meeting);
  await scene.start();
  const feed = sayThroughOutages(stage.log, id, toEvents(meeting));
  for (let count = 0; count < plan.kills; count += 1) await scene.kill(pick(scene.random, plan.victims));
  await feed;
  const published = await settledReport(stage.pool, id, SETTLE_MS);
  const writes = { postgres: postgres.writes, redis: redis.writes };
  const count = async (table: string) => {
    const text = `select count(*)::integer as count from ${table} where session_id = $1`;
    return (await stage.pool.query<{ count: number }>(text, [id])).rows[0]?.count ?? 0;
  };
  const files = await waitFor(() => filesOf(stage.folder, published), {
    what: 'the files of the last report',
    timeoutMs: 20_000,
    intervalMs: 100,
  });
  return {
    published,
    files,
    utterances: await count('utterances'),
    events: await count('events'),
    requests: stage.model.seen.length,
    repeated: stage.model.repeated(),
    kills: scene.kills,
    writes,
  };
}

interface SceneParts {
  readonly stage: MeetingStage;
  readonly postgres: Tap;
  readonly redis: Tap;
  readonly random: Random;
}

class KillScene {
  readonly random: Random;
  readonly kills: Kill[] = [];
  readonly #parts: SceneParts;
  #worker: RunningWorker | undefined;

  constructor(parts: SceneParts) {
    this.#parts = parts;
    this.random = parts.random;
  }

  /** Starts a worker that reaches its stores through the taps. */
  async start(): Promise<void> {
    const { stage, postgres, redis } = this.#parts;
    const database = new URL(stage.databaseUrl);
    database.port = String(postgres.port);
    this.#worker = await stage.startWorker({
      DATABASE_URL: database.href,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    });
  }

  /** One kill, and what it takes to go on. */
  async kill(victim: Victim): Promise<void> {
    const { stage, postgres, redis } = this.#parts;
    const blow: Blow = this.random() < 0.5 ? 'before' : 'after';
    const at = 1 + Math.floor(this.random() * WITHIN_WRITES);
    const tap = victim === 'worker_at_redis' || victim === 'redis' ? redis : postgres;
    const dead = Promise.withResolvers<void>();
    tap.strikeAt(at, blow, () => {
      dead.resolve(this.#strike(victim));
    });
    // A meeting whose work is over writes nothing more: then there is nobody to kill.
    await Promise.race([dead.promise, this.#over(tap)]);
    if (victim === 'redis') await stage.redis.start();
    else if (victim === 'postgres') await stage.postgres.start();
    else if (!this.#worker?.process.alive) await this.start();
    this.kills.push({ victim, blow, at, resumedMs: await this.#resumed() });
  }

  async #strike(victim: Victim): Promise<void> {
    const { stage } = this.#parts;
    if (victim === 'redis') await stage.redis.kill();
    else if (victim === 'postgres') await stage.postgres.kill();
    else await this.#worker?.process.kill();
  }

  async #over(tap: Tap): Promise<void> {
    await waitFor(async () => (await this.#isSettled()) && tap.spare(), {
      what: 'a kill or the end of all work',
      timeoutMs: SETTLE_MS,
      intervalMs: 200,
    });
  }

  async #isSettled(): Promise<boolean> {
    const { rows } = await this.#parts.stage.pool.query<{ settled: boolean }>(
      `select state in ('done', 'partial') and changed <= seen and announced >= revision and filed >= revision as settled
       from meetings`,
    );
    return rows[0]?.settled ?? false;
  }

  /** Time until the worker writes again, ms. */
  async #resumed(): Promise<number | null> {
    const { postgres } = this.#parts;
    const startMs = performance.now();
    const before = postgres.writes;
    const isOver = await waitFor(
      async () => {
        if (postgres.writes > before) return 'resumed';
        return (await this.#isSettled()) ? 'over' : undefined;
      },
      { what: 'work going on after a kill', timeoutMs: SETTLE_MS, intervalMs: 20 },
    );
    return isOver === 'over' ? null : performance.now() - startMs;
  }
}

/** Text of every file in the meeting's folder; undefined while the report there is not the published one. */
function filesOf(folder: string, { files }: PublishedReport): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const path of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (path.isFile())
      found.set(
        join(path.parentPath, path.name).slice(folder.length),
        readFileSync(join(path.parentPath, path.name), 'latin1'),
      );
  const markdown = files.get('md')?.toString('latin1');
  return [...found.values()].some((text) => text === markdown) ? found : undefined;
}

/** What of two runs of one meeting differs; empty: nothing. Renderings count byte by byte. */
export function differences(one: KillRun, other: KillRun): string[] {
  const found: string[] = [];
  if (one.published.text !== other.published.text) found.push('the report');
  for (const [format, bytes] of one.published.files)
    if (!other.published.files.get(format)?.equals(bytes)) found.push(`the report as ${format}`);
  for (const path of new Set([...one.files.keys(), ...other.files.keys()]))
    if (one.files.get(path) !== other.files.get(path)) found.push(`file ${path}`);
  if (one.utterances !== other.utterances) found.push(`utterances: ${one.utterances}, ${other.utterances}`);
  return found;
}
