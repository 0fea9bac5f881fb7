import { expect, it } from 'vitest';
import type { ShownReport } from '../api/meeting-schemas.ts';
import { reportNoticeOf } from './report-notice.ts';

const report = (draft_reason: ShownReport['draft_reason']) => ({ draft_reason }) as ShownReport;

it.each([
  ['recording', null, 'report.state.recording'],
  ['writing', null, 'report.state.writing'],
  ['writing', report('being_written'), 'report.state.draft'],
  ['partial', report('model_slow'), 'report.state.model_slow'],
  ['partial', report('fault'), 'report.state.fault'],
  ['partial', report('no_model'), 'report.state.no_model'],
  ['partial', report('model_failed'), 'report.state.model_failed'],
  ['done', report(null), undefined],
] as const)('%s minutes say how they stand', (state, known, key) => {
  expect(reportNoticeOf({ state, report: known })?.key).toBe(key);
});
