import { memoryUsage } from 'node:process';

/**
 * A thread of a child that renders: ends the process when it eats memory, of which its heap is only a part, or is left alone by a parent
 * that died. A child that computes for ever would notice neither.
 */
const MOST_MB = 768;
const LOOK_MS = 250;

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent || memoryUsage.rss() > MOST_MB * 2 ** 20) process.kill(process.pid, 'SIGKILL');
}, LOOK_MS);
