import { describe, expect, test } from 'vitest';
import { DecodeScheduler, type DecodeJob, type DecodeKind } from './scheduler.ts';

const never = new AbortController().signal;

/** A scheduler and what has been started, with a way to finish each call. */
function bench(maxSlots = 2) {
  let nowMs = 0;
  const started: string[] = [];
  const finish = new Map<string, (value: string) => void>();
  const scheduler = new DecodeScheduler({ maxSlots }, { now: () => nowMs });
  const submit = (kind: DecodeKind, name: string, options: Partial<DecodeJob<string>> = {}) => {
    const ticket = scheduler.submit({
      tenant: 'a',
      audioS: 1,
      kind,
      signal: never,
      run: () => {
        started.push(name);
        return new Promise<string>((resolve) => finish.set(name, resolve));
      },
      ...options,
    });
    ticket.result.catch(() => undefined);
    return ticket;
  };
  const end = async (name: string) => {
    finish.get(name)?.(name);
    await new Promise((resolve) => setImmediate(resolve));
  };
  /** Ends whatever runs until nothing does. */
  const drain = async () => {
    for (let index = 0; index < started.length; index += 1) await end(started[index] ?? '');
    return started;
  };
  return { scheduler, started, submit, end, drain, pass: (ms: number) => (nowMs += ms) };
}

describe('order', () => {
  test('finals before guesses, before commits, before interims, before files', async () => {
    const { submit, drain } = bench(1);
    submit('final', 'running');
    for (const kind of ['file', 'interim', 'commit', 'speculative', 'final'] as const) submit(kind, kind);
    expect(await drain()).toEqual(['running', 'final', 'speculative', 'commit', 'interim', 'file']);
  });

  test("the first final of a speaker does not wait for another's second and third", async () => {
    const { submit, drain } = bench(1);
    const [poured, live] = [{}, {}];
    for (const name of ['poured 1', 'poured 2', 'poured 3']) submit('final', name, { session: poured });
    submit('final', 'live', { session: live });
    expect(await drain()).toEqual(['poured 1', 'live', 'poured 2', 'poured 3']);
  });

  test('a guess that becomes a final is no exception: the second of a session goes with the commits', async () => {
    const { submit, drain } = bench(1);
    const [poured, live] = [{}, {}];
    submit('final', 'poured 1', { session: poured });
    const guess = submit('speculative', 'poured 2', { session: poured });
    guess.promote();
    submit('final', 'live', { session: live });
    expect(await drain()).toEqual(['poured 1', 'live', 'poured 2']);
  });

  test('interims leave a slot to finals', () => {
    const { started, submit } = bench();
    submit('interim', 'one');
    submit('interim', 'two');
    submit('final', 'final');
    expect(started).toEqual(['one', 'final']);
  });

  test('files use all of the engine, but one call at a time while somebody speaks', async () => {
    const { started, submit, end, pass } = bench();
    for (const name of ['a', 'b', 'c', 'd', 'e']) submit('file', name);
    expect(started).toEqual(['a', 'b']);
    submit('final', 'final');
    await end('a');
    expect(started).toEqual(['a', 'b', 'final']);
    await end('final');
    expect(started).toEqual(['a', 'b', 'final']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'final', 'c']);
    pass(60_000);
    await end('c');
    expect(started).toEqual(['a', 'b', 'final', 'c', 'd', 'e']);
  });

  test('a promoted guess overtakes one that is not', async () => {
    const { started, submit, end } = bench(1);
    submit('final', 'running');
    submit('speculative', 'first');
    submit('speculative', 'second').promote();
    await end('running');
    expect(started).toEqual(['running', 'second']);
  });

  test('within a tenant the final that is due soonest is first, also one that comes again', async () => {
    const { submit, drain, pass } = bench(1);
    submit('final', 'running');
    pass(100);
    submit('final', 'new');
    submit('final', 'again', { dueMs: 1_000 });
    expect(await drain()).toEqual(['running', 'again', 'new']);
  });

  test('a tenant with 20 sessions cannot push a tenant with one to the back', async () => {
    const { submit, drain } = bench(1);
    submit('final', 'running', { tenant: 'many', audioS: 3 });
    for (let count = 0; count < 20; count += 1) submit('final', `many ${count}`, { tenant: 'many', audioS: 3 });
    submit('final', 'the one', { tenant: 'one', audioS: 3 });
    expect((await drain()).indexOf('the one')).toBeLessThanOrEqual(3);
  });

  test('files and commits get their share however many finals come', async () => {
    const { submit, drain } = bench(1);
    submit('final', 'running');
    submit('file', 'file');
    submit('commit', 'commit');
    for (let count = 0; count < 30; count += 1) submit('final', `final ${count}`);
    const order = await drain();
    expect(order.indexOf('commit')).toBe(5);
    expect(order.indexOf('file')).toBe(11);
  });
});

describe('what is dropped', () => {
  test('a newer interim of the same session takes the place of the older', async () => {
    const { submit, drain } = bench(1);
    const session = {};
    submit('final', 'running');
    const older = submit('interim', 'older', { session });
    submit('interim', 'of another', { session: {} });
    submit('interim', 'newer', { session });
    await expect(older.result).rejects.toMatchObject({ name: 'AbortError', message: expect.stringContaining('stale') });
    expect(await drain()).toEqual(['running', 'of another', 'newer']);
  });

  test('an interim that has waited past its deadline; a final never', async () => {
    const { submit, drain, pass } = bench(1);
    submit('final', 'running');
    const interim = submit('interim', 'interim');
    submit('final', 'final');
    pass(60_000);
    expect(await drain()).toEqual(['running', 'final']);
    await expect(interim.result).rejects.toThrow('expired');
  });

  test('one of too many interims: the oldest of the tenant with the most', async () => {
    const { submit } = bench(1);
    submit('final', 'running');
    const few = submit('interim', 'few', { tenant: 'few' });
    const oldest = submit('interim', 'oldest', { tenant: 'many' });
    for (let count = 0; count < 63; count += 1) submit('interim', `more ${count}`, { tenant: 'many' });
    await expect(oldest.result).rejects.toThrow('too_many');
    await expect(Promise.race([few.result, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
  });

  test('an aborted job leaves the queue and its result rejects with the reason', async () => {
    const { started, submit, end } = bench(1);
    const abort = new AbortController();
    submit('final', 'running');
    const waiting = submit('interim', 'stale', { signal: abort.signal });
    abort.abort(new Error('the utterance ended'));
    await expect(waiting.result).rejects.toThrow('the utterance ended');
    await end('running');
    expect(started).toEqual(['running']);
  });
});

describe('what it measures', () => {
  test('a call that fails frees its slot and does not count as a quick one', async () => {
    const { scheduler, submit } = bench(1);
    const failing = submit('final', 'failing', { run: () => Promise.reject(new Error('no')) });
    await expect(failing.result).rejects.toThrow('no');
    await expect(submit('final', 'next', { run: () => Promise.resolve('yes') }).result).resolves.toBe('yes');
    expect(scheduler.running).toBe(0);
  });

  test('interims share what finals leave: the more streams want them, the rarer', async () => {
    const { scheduler, submit, end, pass } = bench(1);
    expect(scheduler.interimStepMs).toBe(500);
    const asks = async (name: string) => {
      submit('interim', name, { session: {} });
      pass(200);
      await end(name);
    };
    // 5 calls a second, of which interims may use 40 %: one stream every 500 ms, ten every 5 s.
    await asks('1');
    expect(scheduler.interimStepMs).toBe(500);
    for (let count = 2; count <= 10; count += 1) await asks(String(count));
    expect(scheduler.interimStepMs).toBeCloseTo(5_000, -1);
    for (let count = 0; count < 100; count += 1) submit('final', `final ${count}`);
    expect(scheduler.interimStepMs).toBe(Infinity);
  });

  test('how long the oldest final has waited', async () => {
    const { scheduler, submit, end, pass } = bench(1);
    submit('final', 'running');
    submit('final', 'waiting');
    expect(scheduler.oldestFinalMs).toBe(0);
    pass(2_500);
    expect(scheduler.oldestFinalMs).toBe(2_500);
    await end('running');
    expect(scheduler.oldestFinalMs).toBe(0);
  });
});
