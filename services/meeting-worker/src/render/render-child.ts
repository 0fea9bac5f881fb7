import './start-guard.ts';
import type { Report } from '@eloquence/shared/contracts/report';
import type { ChildAnswer, ChildTask } from './create-renderer.ts';
import { minutesOf } from './minutes.ts';

/**
 * A process for one PDF or DOCX: it reads one task, answers once and ends. It also ends when its parent does.
 */
async function render({ report, format }: ChildTask): Promise<Uint8Array> {
  const minutes = minutesOf(report satisfies Report);
  // Only what is needed: each library takes a while to load.
  if (format === 'pdf') return (await import('./pdf.ts')).toPdf(minutes);
  return (await import('./docx.ts')).toDocx(minutes);
}

function answer(message: ChildAnswer): void {
  process.send?.(message, () => process.disconnect());
}

process.once('disconnect', () => process.exit());
process.once('message', (task: ChildTask) => {
  render(task).then(
    (bytes) => answer({ ok: true, bytes }),
    (error: unknown) => answer({ ok: false, error: error instanceof Error ? error : new Error('not an error') }),
  );
});
