import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Where and when figures were taken; a figure without it cannot be compared. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Mean number of processes wanting a core during the last minute, when the run began: above 0 the machine was shared. */
  readonly load: number;
}

export function thisMachine(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

export function describeMachine({ date, cpu, cores, memoryGb, load }: Machine): string {
  return `${date.slice(0, 16).replace('T', ' ')} UTC, ${cores} cores of ${cpu}, ${memoryGb} GB, load ${load} at the start`;
}
