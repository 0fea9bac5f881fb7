import { expect, it } from 'vitest';
import type { RecordingResult } from '../recorder/recording.ts';
import { codeOf } from './record-meeting.ts';

const WELL: RecordingResult = {
  reason: 'stopped',
  sources: [],
  paused_s: 0,
  silent_alarms: [],
  undelivered_bytes: 0,
  undelivered_s: 0,
  lost_s: 0,
};
const silent_alarms = [{ source: 'them', start_ms: 0, end_ms: null }] as const;

it('the exit code tells first what can still be mended: left on disk, lost, silent', () => {
  expect(codeOf(WELL)).toBe(0);
  expect(codeOf({ ...WELL, silent_alarms: [...silent_alarms] })).toBe(4);
  expect(codeOf({ ...WELL, silent_alarms: [...silent_alarms], lost_s: 0.2 })).toBe(7);
  expect(codeOf({ ...WELL, lost_s: 12, undelivered_bytes: 640, undelivered_s: 0.02 })).toBe(6);
  expect(codeOf({ ...WELL, reason: 'abandoned' })).toBe(6);
});
