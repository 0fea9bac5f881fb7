import { createLogger } from '@eloquence/shared/runtime/logger';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { afterEach, expect, test, vi } from 'vitest';
import { MeetingFaults } from './meeting-faults.ts';

afterEach(() => void vi.useRealTimers());

const [ONE, OTHER] = ['ses_aaaaaaaaaaaaaaaaaaaa', 'ses_bbbbbbbbbbbbbbbbbbbb'] as const;

function faultsUnderTest() {
  const lines: { sessionId: string; part: string; cause: string }[] = [];
  const telemetry = new Telemetry({ processMetrics: false });
  const logger = createLogger('test', 'silent');
  logger.error = (line: unknown) => void lines.push(line as (typeof lines)[number]);
  return { faults: new MeetingFaults({ logger, telemetry }), lines, telemetry };
}

test('a fault is said once for each meeting, part and cause, and again while it lasts', () => {
  vi.useFakeTimers();
  const { faults, lines } = faultsUnderTest();
  for (let times = 0; times < 3; times += 1) {
    faults.say(ONE, 'report', new TypeError('x'));
    faults.say(ONE, 'report', new RangeError('x'));
    faults.say(OTHER, 'report', new TypeError('x'));
  }
  expect(lines.map(({ sessionId, cause }) => [sessionId, cause])).toEqual([
    [ONE, 'TypeError'],
    [ONE, 'RangeError'],
    [OTHER, 'TypeError'],
  ]);
  vi.advanceTimersByTime(600_000);
  faults.say(ONE, 'report', new TypeError('x'));
  expect(lines).toHaveLength(4);
});

test('what an error says is not logged, because it may quote people; where it was thrown is', () => {
  const { faults, lines } = faultsUnderTest();
  const [secret, text] = ['ne le répétez pas', '{"x": ne le répétez pas\nni cela'];
  try {
    JSON.parse(text);
  } catch (error) {
    faults.say(ONE, 'notes', error);
  }
  expect(JSON.stringify(lines)).not.toContain(secret);
  expect(JSON.stringify(lines)).not.toContain('ni cela');
  expect(JSON.stringify(lines)).toContain('meeting-faults.test.ts');
});

test('each part is counted, from zero, so that the first fault is an increase', async () => {
  const { faults, telemetry } = faultsUnderTest();
  faults.say(ONE, 'read', new Error('x'));
  const text = await telemetry.registry.metrics();
  expect(text).toContain('eloquence_meeting_faults_total{part="read"} 1');
  expect(text).toContain('eloquence_meeting_faults_total{part="notes"} 0');
});
