import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { ReportFormat } from '@eloquence/shared/contracts/report';
import type { MeetingFiles } from '../meetings/meeting-files.ts';
import type { MeetingStore } from '../meetings/meeting-store.ts';
import { offeredFormats } from '../render/create-renderer.ts';
import type { Renderer } from '../render/renderer.ts';

export interface RenderReportDeps {
  readonly store: MeetingStore;
  readonly files: MeetingFiles;
  readonly renderer: Renderer;
}

/** Quick ones first: a final may be seconds behind a draft, whose slow ones nobody needs then. */
const ORDER: readonly ReportFormat[] = ['md', 'html', 'json', 'srt', 'vtt', 'docx', 'pdf'];

/** Renders a revision in every format, to Postgres and to the disk. One that is no longer the latest is left. */
export async function renderReport(
  payload: { readonly session_id: SessionId; readonly revision: number },
  signal: AbortSignal,
  { store, files, renderer }: RenderReportDeps,
): Promise<void> {
  const { session_id: sessionId, revision } = payload;
  const published = await store.published(sessionId);
  if (published?.revision !== revision) return;
  const there = new Map((await store.files(sessionId)).map((file) => [file.format, file.revision]));
  const faults: unknown[] = [];
  const offered = offeredFormats(published.report);
  for (const format of ORDER) {
    if (!offered.includes(format) || (there.get(format) ?? 0) >= revision) continue;
    signal.throwIfAborted();
    if ((await store.revision(sessionId)) !== revision) return;
    try {
      const bytes = await renderer.render(published.report, format, signal);
      await store.keepFile(sessionId, format, { revision, bytes });
    } catch (error) {
      // One format that fails must not keep the others away.
      faults.push(error);
    }
  }
  if (await files.syncReport(sessionId)) await store.markFiled(sessionId, faults.length > 0 ? 0 : revision);
  if (faults.length > 0) throw faults[0];
}
