import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

function ticks(): Ticks {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const values = line.split(/\s+/).slice(1, 9).map(Number);
  const all = values.reduce((sum, value) => sum + value, 0);
  return { busy: all - (values[3] ?? 0) - (values[4] ?? 0), all };
}

/** How busy the machine is from now on, as a sentence: figures of a bench mean nothing without it. */
export function watchLoad(): () => string {
  const before = ticks();
  return () => {
    const now = ticks();
    const busy = Math.round((100 * (now.busy - before.busy)) / Math.max(1, now.all - before.all));
    const load = loadavg().map((value) => value.toFixed(1));
    return `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}; cores ${busy} % busy meanwhile, load ${load.join(' ')}`;
  };
}
