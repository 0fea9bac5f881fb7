import { describe, expect, test } from 'vitest';
import { DecodeScheduler, type DecodeKind } from './scheduler.ts';

const options = { slots: 2, maxWaitingFinals: 2, maxWaitingOthers: 2, maxFinalWaitMs: 1000 };
const never = new AbortController().signal;

/** A scheduler and what has been started, with a way to finish each call. */
function bench(overrides: Partial<typeof options> = {}) {
  let nowMs = 0;
  const started: string[] = [];
  const finish = new Map<string, (value: string) => void>();
  const scheduler = new DecodeScheduler({ ...options, ...overrides }, () => nowMs);
  const submit = (kind: DecodeKind, name: string, signal = never) => {
    const ticket = scheduler.submit({
      tenant: 'a',
      audioS: 1,
      kind,
      signal,
      run: () => {
        started.push(name);
        return new Promise<string>((resolve) => finish.set(name, resolve));
      },
    });
    ticket.result.catch(() => undefined);
    return ticket;
  };
  const end = async (name: string) => {
    finish.get(name)?.(name);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { scheduler, started, submit, end, pass: (ms: number) => (nowMs += ms) };
}

describe('DecodeScheduler', () => {
  test('finals are done before speculative decodes, those before interims', async () => {
    const { started, submit, end } = bench({ slots: 1 });
    submit('interim', 'running');
    submit('interim', 'interim');
    submit('speculative', 'speculative');
    submit('final', 'final');
    for (const name of ['running', 'final', 'speculative', 'interim']) await end(name);
    expect(started).toEqual(['running', 'final', 'speculative', 'interim']);
  });

  test('interims leave a slot to finals', () => {
    const { started, submit } = bench();
    submit('interim', 'one');
    submit('interim', 'two');
    submit('final', 'final');
    expect(started).toEqual(['one', 'final']);
  });

  test('a promoted speculative decode overtakes one that is not', async () => {
    const { started, submit, end } = bench({ slots: 1 });
    submit('final', 'running');
    submit('speculative', 'first');
    submit('speculative', 'second').promote();
    await end('running');
    expect(started).toEqual(['running', 'second']);
  });

  test('an aborted job leaves the queue and its result rejects with the reason', async () => {
    const { started, submit, end } = bench({ slots: 1 });
    const abort = new AbortController();
    submit('final', 'running');
    const waiting = submit('interim', 'stale', abort.signal);
    abort.abort(new Error('the utterance ended'));
    await expect(waiting.result).rejects.toThrow('the utterance ended');
    await end('running');
    expect(started).toEqual(['running']);
  });

  test('a full queue drops the oldest interim and refuses the newest final', async () => {
    const { submit } = bench({ slots: 1 });
    submit('final', 'running');
    const oldest = submit('interim', 'a');
    submit('interim', 'b');
    submit('interim', 'c');
    await expect(oldest.result).rejects.toMatchObject({ name: 'AbortError' });
    submit('final', 'd');
    submit('final', 'e');
    await expect(submit('final', 'f').result).rejects.toMatchObject({ code: 'overloaded' });
  });

  test('a final that waits too long turns new streams away, with a time to come back', async () => {
    const { scheduler, submit, pass, end } = bench({ slots: 1 });
    submit('final', 'running');
    submit('final', 'waiting');
    expect(scheduler.overload()).toBeUndefined();
    pass(2500);
    expect(scheduler.overload()).toMatchObject({ code: 'overloaded', retryAfterS: 3 });
    await end('running');
    expect(scheduler.overload()).toBeUndefined();
  });

  test('a call that fails frees its slot', async () => {
    const scheduler = new DecodeScheduler({ ...options, slots: 1 });
    const failing = scheduler.submit({
      tenant: 'a',
      audioS: 1,
      kind: 'final',
      signal: never,
      run: () => Promise.reject(new Error('no')),
    });
    await expect(failing.result).rejects.toThrow('no');
    const next = scheduler.submit({
      tenant: 'a',
      audioS: 1,
      kind: 'final',
      signal: never,
      run: () => Promise.resolve('yes'),
    });
    await expect(next.result).resolves.toBe('yes');
  });
});
