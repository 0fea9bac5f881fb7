import '../start-guard.ts';
import type { ChildAnswer, ChildTask } from '../create-renderer.ts';

/** What a library may do that is fed with a text nobody has tried, by the title of the report. */
const moods: Readonly<Record<string, () => void>> = {
  hangs: () => {
    for (;;);
  },
  'fills its heap': () => {
    for (const kept: string[][] = []; ;) kept.push(Array.from({ length: 10_000 }, (_, index) => `${index}`));
  },
  'fills the memory': () => {
    for (const kept: Buffer[] = []; ;) kept.push(Buffer.alloc(2 ** 20, 1));
  },
  crashes: () => process.abort(),
  throws: () => {
    process.send?.({ ok: false, error: new RangeError('of what was said') } satisfies ChildAnswer);
  },
};

process.once('disconnect', () => process.exit());
process.once('message', ({ report }: ChildTask) => {
  moods[report.title]?.();
  process.send?.({ ok: true, bytes: Buffer.from('fine') } satisfies ChildAnswer, () => process.disconnect());
});
