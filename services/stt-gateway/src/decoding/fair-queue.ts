/** What a queue must know of a job to be fair. */
export interface Queued {
  readonly tenant: string;
  /** When its result should be there; ms of the queue's clock. */
  readonly dueMs: number;
  /** What it takes of the engine, in seconds of audio. */
  readonly costS: number;
}

/** Seconds of audio a tenant may have decoded per round: two utterances of everyday length. */
const QUANTUM_S = 5;

interface Line<T> {
  /** By due time, soonest first. */
  readonly jobs: T[];
  /** Seconds of audio this tenant may still have decoded this round. */
  deficitS: number;
}

/**
 * Jobs of one urgency. Between tenants deficit round robin in seconds of audio (Shreedhar and Varghese, 1995): each gets
 * the same amount of decoding per round, however many sessions it has, and what a long job overdraws is saved up for
 * first. Within a tenant the soonest due is first.
 */
export class FairQueue<T extends Queued> {
  /** In the order of their turns. A tenant without jobs has no line, and saves nothing up. */
  readonly #lines = new Map<string, Line<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(job: T): void {
    let line = this.#lines.get(job.tenant);
    if (!line) this.#lines.set(job.tenant, (line = { jobs: [], deficitS: QUANTUM_S }));
    const behind = line.jobs.findIndex((other) => other.dueMs > job.dueMs);
    line.jobs.splice(behind < 0 ? line.jobs.length : behind, 0, job);
    this.#size += 1;
  }

  /** Takes out whose turn it is. */
  next(): T | undefined {
    for (;;) {
      const [first] = this.#lines;
      if (!first) return undefined;
      const [tenant, line] = first;
      const job = line.jobs[0];
      if (job && line.deficitS >= job.costS) {
        line.deficitS -= job.costS;
        this.remove(job);
        return job;
      }
      this.#lines.delete(tenant);
      line.deficitS += QUANTUM_S;
      this.#lines.set(tenant, line);
    }
  }

  /** False when it is not here. */
  remove(job: T): boolean {
    const line = this.#lines.get(job.tenant);
    const index = line?.jobs.indexOf(job) ?? -1;
    if (!line || index < 0) return false;
    line.jobs.splice(index, 1);
    this.#size -= 1;
    if (line.jobs.length === 0) this.#lines.delete(job.tenant);
    return true;
  }

  /** The job to give up when there are too many: the soonest due of the tenant with the most. */
  get mostDispensable(): T | undefined {
    let longest: Line<T> | undefined;
    for (const line of this.#lines.values()) if (line.jobs.length > (longest?.jobs.length ?? 0)) longest = line;
    return longest?.jobs[0];
  }

  find(matches: (job: T) => boolean): T | undefined {
    for (const { jobs } of this.#lines.values()) {
      const found = jobs.find(matches);
      if (found) return found;
    }
    return undefined;
  }

  /** The soonest due time of all, or undefined when empty. */
  get soonestDueMs(): number | undefined {
    const firsts = [...this.#lines.values()].flatMap(({ jobs }) => jobs[0]?.dueMs ?? []);
    return firsts.length === 0 ? undefined : Math.min(...firsts);
  }
}
