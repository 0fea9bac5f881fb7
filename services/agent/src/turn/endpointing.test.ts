import { expect, test } from 'vitest';
import { conversationPolicy, GATEWAY_ENDPOINTING_MS } from './endpointing.ts';

test('a pause of 600 ms inside a turn is never taken for its end', () => {
  expect(conversationPolicy.maxDelayMs).toBeGreaterThan(600);
});

test('the final text is asked for after the detector has looked at 200 ms, and before the turn may be committed', () => {
  expect(conversationPolicy.vadSilenceMs).toBeGreaterThanOrEqual(250);
  expect(conversationPolicy.vadSilenceMs).toBeLessThan(conversationPolicy.maxDelayMs);
  expect(conversationPolicy.minDelayMs).toBeLessThan(conversationPolicy.maxDelayMs);
});

test("the gateway's own endpointing comes last, so that it never competes with our request for the final text", () => {
  expect(GATEWAY_ENDPOINTING_MS).toBeGreaterThan(conversationPolicy.maxDelayMs);
});
