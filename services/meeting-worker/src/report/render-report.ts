import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { ReportFormat } from '@eloquence/shared/contracts/report';
import type { MeetingFiles } from '../meetings/meeting-files.ts';
import type { MeetingStore } from '../meetings/meeting-store.ts';
import { offeredFormats } from '../render/create-renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import type { ReportFiles } from './report-files.ts';

export interface RenderReportDeps {
  readonly store: Pick<MeetingStore, 'published' | 'revision' | 'markFiled'>;
  readonly reportFiles: ReportFiles;
  readonly files: Pick<MeetingFiles, 'syncReport'>;
  readonly renderer: Renderer;
}

/** Quick ones first: a final may be seconds behind a draft, whose slow ones nobody needs then. */
const ORDER: readonly ReportFormat[] = ['md', 'html', 'json', 'srt', 'vtt', 'docx', 'pdf'];

/**
 * Renders a revision in every format, to Postgres and to the disk. One that is no longer the latest is left. A format that fails keeps
 * no other away; at the last attempt it is kept as failed, until there is another revision, another process, or somebody asks for it.
 *
 * @throws what the first format that failed threw
 */
export async function renderReport(
  payload: { readonly session_id: SessionId; readonly revision: number },
  { signal, isLast }: { readonly signal: AbortSignal; readonly isLast: boolean },
  { store, reportFiles, files, renderer }: RenderReportDeps,
): Promise<void> {
  const { session_id: sessionId, revision } = payload;
  const published = await store.published(sessionId);
  if (published?.revision !== revision) return;
  const there = new Map((await reportFiles.list(sessionId)).map((file) => [file.format, file.revision]));
  const faults: unknown[] = [];
  const offered = offeredFormats(published.report);
  for (const format of ORDER) {
    if (!offered.includes(format) || (there.get(format) ?? 0) >= revision) continue;
    signal.throwIfAborted();
    if ((await store.revision(sessionId)) !== revision) return;
    const bytes = await renderer.render(published.report, format, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      faults.push(error);
      return null;
    });
    if (bytes || isLast) await reportFiles.keep(sessionId, format, { revision, bytes });
  }
  const isOver = faults.length === 0 || isLast;
  if ((await files.syncReport(sessionId)) && isOver) await store.markFiled(sessionId, revision);
  if (faults.length > 0) throw faults[0];
}
