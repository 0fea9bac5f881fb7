import type { ShownReportStatus } from '../api/meeting-schemas.ts';
import type { MessageKey } from '../i18n/fr.ts';

/** The sentence about how minutes stand; `null`: they are final. Pure. */
export function reportNoticeOf({
  state,
  report,
}: Pick<ShownReportStatus, 'state' | 'report'>): { readonly key: MessageKey; readonly tone: 'info' | 'alert' } | null {
  if (state === 'recording') return { key: 'report.state.recording', tone: 'info' };
  if (report === null) return { key: 'report.state.writing', tone: 'info' };
  switch (report.draft_reason) {
    case null:
      return null;
    case 'being_written':
      return { key: 'report.state.draft', tone: 'info' };
    case 'model_slow':
      return { key: 'report.state.model_slow', tone: 'info' };
    case 'no_model':
      return { key: 'report.state.no_model', tone: 'info' };
    case 'model_failed':
      return { key: 'report.state.model_failed', tone: 'alert' };
    case 'fault':
      return { key: 'report.state.fault', tone: 'alert' };
  }
}
