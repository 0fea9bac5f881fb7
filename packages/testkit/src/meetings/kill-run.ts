import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom, type Random } from '../seeded-random.ts';
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
  /** In turn, beginning with the seed's. */
  readonly victims: readonly Victim[];
  /** A kill comes within so many writes after the one before it. Default 90. */
  readonly withinWrites?: number;
}

export interface Kill {
  readonly victim: Victim;
  readonly blow: Blow;
  /** The write it came at, counted from the start of the worker. */
  readonly at: number;
  /** From the kill until something is written again, ms: restarting what died is part of it. Null: nothing was left to do. */
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
const SETTLE_MS = 180_000;
const WITHIN_WRITES = 90;

/** Holds a meeting while things are killed, until its report stands. No kills: the run the others are compared with. */
export async function runWithKills(meeting: PlantedMeeting, plan: KillPlan): Promise<KillRun> {
  await using stage = await MeetingStage.start([meeting]);
  await using postgres = await Tap.start(stage.postgres.port, POSTGRES_WRITES);
  await using redis = await Tap.start(stage.redis.port, REDIS_WRITES);
  const scene = new KillScene({ stage, postgres, redis, random: seededRandom(plan.seed) });
  const id = await openMeeting(stage.pool, meeting);
  await scene.start();
  const feed = sayThroughOutages(stage.log, id, toEvents(meeting));
  for (let count = 0; count < plan.kills; count += 1) {
    const victim = plan.victims[(plan.seed + count) % plan.victims.length] ?? 'worker_at_postgres';
    await scene.kill(victim, plan.withinWrites ?? WITHIN_WRITES);
  }
  await feed;
  // The model answers: a draft that stands after all the kills is followed by a final.
  const published = await settledReport(stage.pool, id, SETTLE_MS, ['done']);
  const writes = { postgres: postgres.writes, redis: redis.writes };
  const count = async (table: string) => {
    const text = `select count(*)::integer as count from ${table} where session_id = $1`;
    return (await stage.pool.query<{ count: number }>(text, [id])).rows[0]?.count ?? 0;
  };
  return {
    published,
    files: filesOf(stage.folder),
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
  async kill(victim: Victim, withinWrites: number): Promise<void> {
    const { stage, postgres, redis } = this.#parts;
    const blow: Blow = this.random() < 0.5 ? 'before' : 'after';
    const at = 1 + Math.floor(this.random() * withinWrites);
    const tap = victim === 'worker_at_redis' || victim === 'redis' ? redis : postgres;
    let killedMs: number | undefined;
    const dead = Promise.withResolvers<void>();
    tap.strikeAt(at, blow, () => {
      killedMs = performance.now();
      dead.resolve(this.#strike(victim));
    });
    // A meeting whose work is over writes nothing more: then there is nobody to kill.
    await Promise.race([dead.promise, this.#over(tap)]);
    if (killedMs === undefined) return;
    const before = postgres.writes;
    if (victim === 'redis') await stage.redis.start();
    else if (victim === 'postgres') await stage.postgres.start();
    else await this.start();
    const outcome = await this.#resumed(before);
    this.kills.push({ victim, blow, at, resumedMs: outcome === 'over' ? null : performance.now() - killedMs });
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

  #resumed(before: number): Promise<'resumed' | 'over'> {
    const { postgres } = this.#parts;
    return waitFor(
      async () => {
        if (postgres.writes > before) return 'resumed';
        return (await this.#isSettled()) ? 'over' : undefined;
      },
      { what: 'work going on after a kill', timeoutMs: SETTLE_MS, intervalMs: 20 },
    );
  }
}

/** Text of every file of meetings, by path. */
function filesOf(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length), readFileSync(path, 'latin1')]));
}

/** What of two runs of one meeting differs; empty: nothing. Renderings count byte by byte. */
export function differences(one: KillRun, other: KillRun): string[] {
  const found: string[] = [];
  if (one.published.text !== other.published.text) found.push('the report');
  for (const [format, bytes] of one.published.files)
    if (!other.published.files.get(format)?.equals(bytes)) found.push(`the report as ${format}`);
  for (const path of new Set([...one.files.keys(), ...other.files.keys()]))
    if (unnumbered(one.files.get(path)) !== unnumbered(other.files.get(path))) found.push(`file ${path}`);
  if (one.utterances !== other.utterances) found.push(`utterances: ${one.utterances}, ${other.utterances}`);
  return found;
}

/**
 * An event said again because its receipt was lost moves the numbers of those behind it, and text that came late makes a
 * mini-summary anew: neither is part of what was said.
 */
const unnumbered = (text: string | undefined): string | undefined =>
  text?.replaceAll(/"seq":\d+,/g, '').replace(/^ {2}"revision": \d+,$/m, '');
