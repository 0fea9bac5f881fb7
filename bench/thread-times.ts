import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts for a thread, in microseconds. */
interface ThreadTime {
  readonly name: string;
  /** On a core. */
  readonly runUs: number;
  /** Ready to run, while others had the core: what a shared machine does to a measurement. */
  readonly waitUs: number;
}

type Part = 'main' | 'worker' | 'rest';
export type ProcessTime = Readonly<Record<Part, { readonly runUs: number; readonly waitUs: number }>>;

/** CPU time of each thread of a process since it began (Linux). */
function threadTimes(pid: number): Map<number, ThreadTime> {
  const folder = `/proc/${pid}/task`;
  const times = new Map<number, ThreadTime>();
  for (const tid of readdirSync(folder)) {
    const [runNs = 0, waitNs = 0] = readFileSync(`${folder}/${tid}/schedstat`, 'utf8').split(' ').map(Number);
    const name = readFileSync(`${folder}/${tid}/comm`, 'utf8').trim();
    times.set(Number(tid), { name, runUs: runNs / 1000, waitUs: waitNs / 1000 });
  }
  return times;
}

/** CPU time of a Node process between now and the call of what is returned, by what its threads are for. */
export function stopwatch(pid: number, workerThreads: readonly number[]): () => ProcessTime {
  const before = threadTimes(pid);
  return () => {
    const parts = {
      main: { runUs: 0, waitUs: 0 },
      worker: { runUs: 0, waitUs: 0 },
      rest: { runUs: 0, waitUs: 0 },
    };
    for (const [tid, { runUs, waitUs }] of threadTimes(pid)) {
      const part = tid === pid ? 'main' : workerThreads.includes(tid) ? 'worker' : 'rest';
      parts[part].runUs += runUs - (before.get(tid)?.runUs ?? 0);
      parts[part].waitUs += waitUs - (before.get(tid)?.waitUs ?? 0);
    }
    return parts;
  };
}

/** Threads of a process with this name. */
export function threadsNamed(pid: number, pattern: RegExp): number[] {
  return [...threadTimes(pid)].flatMap(([tid, { name }]) => (pattern.test(name) ? [tid] : []));
}
