import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatPart, ChatProvider } from './provider.ts';
import {
  collect,
  finishOf,
  never,
  openProvider,
  requestFor,
  textOf,
  vendorCases,
  type ChatVendor,
} from './test-support/chat-vendors.ts';

/** Words of a vendor that quotes what was said. */
const QUOTE = 'ma carte est 4970 1012';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

for (const { name, vendor: make, env } of vendorCases) {
  describe(`${name} when the vendor misbehaves`, () => {
    let vendor: ChatVendor;
    let provider: ChatProvider;
    beforeEach(async () => {
      vendor = await make().listen();
      provider = await openProvider(name, env(vendor));
    });
    afterEach(() => vendor[Symbol.asyncDispose]());

    /** Reads until it breaks. */
    async function broken(signal = never, onText?: () => void): Promise<{ parts: ChatPart[]; error: unknown }> {
      const parts: ChatPart[] = [];
      try {
        for await (const part of provider.stream(requestFor(provider), signal)) {
          parts.push(part);
          if (part.type === 'text') onText?.();
        }
      } catch (error) {
        return { parts, error };
      }
      return { parts, error: undefined };
    }

    it('turns a rate limit into rate_limited with the time to wait', async () => {
      vendor.mode = { type: 'rate_limited', retryAfterS: 7 };
      await expect(collect(provider)).rejects.toMatchObject({ code: 'rate_limited', retryAfterS: 7, retryable: true });
    });

    it.each([
      [400, undefined, 'invalid_request'],
      [401, undefined, 'upstream_rejected'],
      [402, undefined, 'upstream_rejected'],
      [403, undefined, 'upstream_rejected'],
      [404, undefined, 'unknown_model'],
      [413, undefined, 'payload_too_large'],
      [429, 'insufficient_quota', 'upstream_rejected'],
      [500, undefined, 'upstream_failed'],
      [503, undefined, 'upstream_failed'],
      [529, undefined, 'upstream_failed'],
    ])('turns status %i (%s) into %s, asks once and quotes nobody', async (status, vendorCode, code) => {
      vendor.mode = { type: 'error', status, message: QUOTE, ...(vendorCode && { code: vendorCode }) };
      const before = vendor.requests.length;
      const error = await collect(provider).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ name: 'AppError', code });
      expect((error as Error).message).not.toContain('4970');
      expect(vendor.requests.length).toBe(before + 1);
    });

    it('knows a conversation that is too long by the vendor’s words', async () => {
      const message = 'prompt is too long: 210000 tokens > maximum context length of 200000';
      vendor.mode = { type: 'error', status: 400, message };
      await expect(collect(provider)).rejects.toMatchObject({ code: 'payload_too_large', fault: 'caller' });
    });

    it('turns nonsense and a hotel page into upstream_failed or an answer without an end', async () => {
      for (const type of ['garbage', 'wrong_type'] as const) {
        vendor.mode = { type };
        const { parts, error } = await broken();
        expect(parts).toEqual([]);
        expect([undefined, 'upstream_failed']).toContain((error as { code?: string } | undefined)?.code);
      }
    });

    it('gives what came before a cut and then an error', async () => {
      vendor.mode = { type: 'cut' };
      const { parts, error } = await broken();
      expect(textOf(parts)).toMatch(/^Bonjour/);
      expect(finishOf(parts)).toEqual([]);
      expect(error).toMatchObject({ code: 'upstream_failed' });
    });

    it('does not spoil an answer that is finished by a cut behind it', async () => {
      const whole = await broken();
      // All but what ends the stream: the usage, [DONE], message_stop.
      for (let afterPieces = 30; finishOf(whole.parts).length > 0 && afterPieces > 0; afterPieces -= 1) {
        vendor.mode = { type: 'cut', afterPieces };
        const { parts, error } = await broken();
        if (finishOf(parts).length === 0) break;
        expect(error).toBeUndefined();
        expect(textOf(parts)).toBe(textOf(whole.parts));
      }
      expect(vendor.requests.length).toBeGreaterThan(2);
    });

    it('throws the reason of an abort and closes the socket, in the middle of an answer', async () => {
      vendor.mode = { type: 'stall' };
      const controller = new AbortController();
      let abortedAtMs = 0;
      const { error } = await broken(controller.signal, () => {
        abortedAtMs = performance.now();
        controller.abort(new DOMException('enough', 'AbortError'));
      });
      expect(error).toMatchObject({ name: 'AbortError', message: 'enough' });
      expect(await vendor.requests.at(-1)?.outcome).toBe('closed');
      expect(performance.now() - abortedAtMs).toBeLessThan(500);
    });

    it('hears of an abort when the garbage collector has been there since the request', async () => {
      vendor.mode = { type: 'stall' };
      const controller = new AbortController();
      const answer = provider.stream(requestFor(provider), controller.signal)[Symbol.asyncIterator]();
      await answer.next();
      for (let round = 0; round < 3; round += 1) {
        await nextTurn();
        collectGarbage();
      }
      controller.abort(new DOMException('enough', 'AbortError'));
      const rest = (async () => {
        let isOver = false;
        while (!isOver) isOver = (await answer.next()).done ?? false;
      })();
      await expect(rest).rejects.toMatchObject({ name: 'AbortError', message: 'enough' });
      expect(await vendor.requests.at(-1)?.outcome).toBe('closed');
    });

    it('throws the reason of an abort and closes the socket, before the first word', async () => {
      vendor.mode = { type: 'slow', delayMs: 60_000 };
      const controller = new AbortController();
      const before = vendor.requests.length;
      const reading = broken(controller.signal);
      await expect.poll(() => vendor.requests.length).toBe(before + 1);
      controller.abort(new DOMException('enough', 'AbortError'));
      expect((await reading).error).toMatchObject({ name: 'AbortError', message: 'enough' });
      expect(await vendor.requests.at(-1)?.outcome).toBe('closed');
    });

    it('closes the socket when its reader just stops', async () => {
      vendor.mode = { type: 'stall' };
      for await (const part of provider.stream(requestFor(provider), never)) if (part.type === 'text') break;
      expect(await vendor.requests.at(-1)?.outcome).toBe('closed');
    });

    it('sends nothing for a request that is already aborted', async () => {
      const before = vendor.requests.length;
      const { error } = await broken(AbortSignal.abort(new DOMException('enough', 'AbortError')));
      expect(error).toMatchObject({ name: 'AbortError', message: 'enough' });
      expect(vendor.requests.length).toBe(before);
    });

    it('says of a closed port that nobody is there, and which address to check', async () => {
      await vendor[Symbol.asyncDispose]();
      await expect(collect(provider)).rejects.toMatchObject({
        code: 'upstream_failed',
        retryable: true,
        message: expect.stringMatching(
          /cannot be reached \(ECONNREFUSED\)\. Check [^.]*_URL and the network\.$/,
        ) as string,
      });
    });
  });
}
