import { pick, seededRandom } from '@eloquence/testkit/seeded-random';
import { describe, expect, test, vi } from 'vitest';
import { SharedStream, SharedStreams, type SharedStreamOptions } from './shared-stream.ts';

/** A source that is told by hand what to give. */
class Tap {
  opened = 0;
  signal: AbortSignal | undefined;
  given = 0;
  #steps: (() => number)[] = [];
  #wake: (() => void) | undefined;
  #over = false;

  readonly open = async function* (this: Tap, signal: AbortSignal): AsyncGenerator<number> {
    this.opened += 1;
    this.signal = signal;
    signal.addEventListener('abort', () => this.#wake?.());
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const step = this.#steps.shift();
      if (step) {
        this.given += 1;
        yield step();
      } else if (this.#over) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }.bind(this);

  give(...items: number[]): void {
    for (const item of items) this.#steps.push(() => item);
    this.#wake?.();
  }

  fail(message: string): void {
    this.#steps.push(() => {
      throw new Error(message);
    });
    this.#wake?.();
  }

  end(): void {
    this.#over = true;
    this.#wake?.();
  }
}

function shared(tap: Tap, options: Partial<SharedStreamOptions<number>> = {}): SharedStream<number> {
  return new SharedStream({ open: tap.open, sizeOf: () => 1, maxSize: 100, whenUnread: 'abort', ...options });
}

async function all(items: AsyncIterable<number>): Promise<number[]> {
  const heard: number[] = [];
  for await (const item of items) heard.push(item);
  return heard;
}

test('many readers hear one source from its beginning, whenever they come', async () => {
  const tap = new Tap();
  const onComplete = vi.fn<(items: readonly number[]) => void>();
  const stream = shared(tap, { onComplete });
  const first = stream.read();
  const heard = all(first);
  tap.give(1, 2);
  await expect.poll(() => tap.given).toBe(2);
  const second = all(stream.read());
  tap.give(3);
  tap.end();
  expect(await heard).toEqual([1, 2, 3]);
  expect(await second).toEqual([1, 2, 3]);
  expect(await all(stream.read())).toEqual([1, 2, 3]);
  expect(tap.opened).toBe(1);
  expect(onComplete).toHaveBeenCalledExactlyOnceWith([1, 2, 3]);
  expect(stream.readers).toBe(0);
});

test('a failure reaches every reader after what came before it, and nothing counts as complete', async () => {
  const tap = new Tap();
  const onComplete = vi.fn<(items: readonly number[]) => void>();
  const stream = shared(tap, { onComplete });
  const [one, two] = [stream.read(), stream.read()];
  tap.give(1);
  tap.fail('the voice broke off');
  for (const reader of [one, two]) {
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    await expect(reader.next()).rejects.toThrow('the voice broke off');
  }
  expect(stream.joinable).toBe(false);
  expect(onComplete).not.toHaveBeenCalled();
});

describe('when the last reader leaves', () => {
  test('the source is aborted at once', async () => {
    const tap = new Tap();
    const stream = shared(tap);
    const [one, two] = [stream.read(), stream.read()];
    tap.give(1);
    await one.next();
    await one.return?.();
    expect(tap.signal?.aborted).toBe(false);
    await two.return?.();
    expect(tap.signal?.aborted).toBe(true);
    expect(stream.joinable).toBe(false);
  });

  test('a reader that aborts while it waits gets its reason, and counts as gone', async () => {
    const tap = new Tap();
    const stream = shared(tap);
    const abort = new AbortController();
    const pending = stream.read(abort.signal).next();
    abort.abort(new Error('hung up'));
    await expect(pending).rejects.toThrow('hung up');
    expect(stream.readers).toBe(0);
    expect(tap.signal?.aborted).toBe(true);
  });

  test('the source goes on to its end where that is wanted, for those who will come', async () => {
    const tap = new Tap();
    const onComplete = vi.fn<(items: readonly number[]) => void>();
    const stream = shared(tap, { whenUnread: 'finish', onComplete });
    const reader = stream.read();
    tap.give(1);
    await reader.next();
    await reader.return?.();
    tap.give(2);
    tap.end();
    await expect.poll(() => onComplete.mock.calls).toEqual([[[1, 2]]]);
    expect(await all(stream.read())).toEqual([1, 2]);
  });

  test('but not further than what can be held', async () => {
    const tap = new Tap();
    const onComplete = vi.fn<(items: readonly number[]) => void>();
    const stream = shared(tap, { whenUnread: 'finish', maxSize: 3, onComplete });
    await stream.read().return?.();
    tap.give(1, 2, 3, 4, 5, 6);
    await expect.poll(() => tap.signal?.aborted).toBe(true);
    expect(tap.given).toBe(4);
    expect(onComplete).not.toHaveBeenCalled();
  });
});

test('past its size the source waits for the slowest reader, nobody can join, all of it is heard', async () => {
  const tap = new Tap();
  const onComplete = vi.fn<(items: readonly number[]) => void>();
  const stream = shared(tap, { maxSize: 3, onComplete });
  const [fast, slow] = [stream.read(), stream.read()];
  tap.give(1, 2, 3, 4, 5, 6, 7, 8);
  tap.end();
  for (let item = 1; item <= 4; item += 1) expect((await fast.next()).value).toBe(item);
  expect(tap.given).toBe(4);
  const rest = all(fast);
  expect(await all(slow)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await rest).toEqual([5, 6, 7, 8]);
  expect(stream.joinable).toBe(false);
  expect(() => stream.read()).toThrow('too late');
  expect(onComplete).not.toHaveBeenCalled();
});

test('a slow reader that leaves lets the others go on', async () => {
  const tap = new Tap();
  const stream = shared(tap, { maxSize: 2 });
  const [fast, slow] = [stream.read(), stream.read()];
  tap.give(1, 2, 3, 4, 5);
  tap.end();
  for (let item = 1; item <= 3; item += 1) await fast.next();
  const rest = all(fast);
  await slow.return?.();
  expect(await rest).toEqual([4, 5]);
});

test('streams of the same name are made once while they are being made', async () => {
  const streams = new SharedStreams<number>();
  const [tap, other] = [new Tap(), new Tap()];
  const options = (from: Tap) => ({ open: from.open, sizeOf: () => 1, maxSize: 10, whenUnread: 'abort' as const });
  const one = streams.join('a', options(tap));
  const two = streams.join('a', options(other));
  expect([one.shared, two.shared]).toEqual([false, true]);
  tap.give(1);
  tap.end();
  expect(await all(one.items)).toEqual([1]);
  expect(await all(two.items)).toEqual([1]);
  expect(other.opened).toBe(0);
  expect(streams.size).toBe(0);
  const three = streams.join('a', options(other));
  expect(three.shared).toBe(false);
  await three.items.return?.();
  await expect.poll(() => streams.size).toBe(0);
});

test('one that is joined by somebody who has gone is forgotten, and said to be over', async () => {
  const streams = new SharedStreams<number>();
  const onSettled = vi.fn<() => void>();
  const tap = new Tap();
  const options = { open: tap.open, sizeOf: () => 1, maxSize: 10, whenUnread: 'abort' as const, onSettled };
  const gone = streams.join('a', options, AbortSignal.abort(new Error('hung up')));
  await expect(gone.items.next()).rejects.toThrow('hung up');
  expect([streams.size, tap.opened, onSettled.mock.calls.length]).toEqual([0, 0, 1]);
});

test('whoever joins knows what the stream was made with', () => {
  const streams = new SharedStreams<number, SharedStreamOptions<number> & { readonly maker: string }>();
  const options = { open: new Tap().open, sizeOf: () => 1, maxSize: 10, whenUnread: 'abort' as const };
  streams.join('a', { ...options, maker: 'the first' });
  expect(streams.join('a', { ...options, maker: 'the second' }).options.maker).toBe('the first');
});

test('whoever comes after the source has begun again hears nothing of what was before, and that is all there was', async () => {
  const tap = new Tap();
  const onComplete = vi.fn<(items: readonly number[]) => void>();
  const stream = shared(tap, { onComplete, maxSize: 3, restarts: (item) => item < 0 });
  const first = stream.read();
  const heard = all(first);
  tap.give(1, 2, -1);
  await expect.poll(() => tap.given).toBe(3);
  const second = all(stream.read());
  // Past its size what was before is let go, and it can still be joined.
  tap.give(3, 4);
  await expect.poll(() => tap.given).toBe(5);
  const third = all(stream.read());
  tap.end();
  expect(await heard).toEqual([1, 2, -1, 3, 4]);
  expect(await second).toEqual([-1, 3, 4]);
  expect(await third).toEqual([-1, 3, 4]);
  expect(onComplete).toHaveBeenCalledExactlyOnceWith([-1, 3, 4]);
});

test('one whose readers have all left is not joined again', async () => {
  const streams = new SharedStreams<number>();
  const [tap, other] = [new Tap(), new Tap()];
  const options = (from: Tap) => ({ open: from.open, sizeOf: () => 1, maxSize: 10, whenUnread: 'abort' as const });
  await streams.join('a', options(tap)).items.return?.();
  const again = streams.join('a', options(other));
  expect(again.shared).toBe(false);
  other.give(7);
  other.end();
  expect(await all(again.items)).toEqual([7]);
  expect(streams.size).toBe(0);
});

test.each([1, 2, 3, 4, 5])('random readers hear a beginning of the source, or all of it, seed %i', async (seed) => {
  const random = seededRandom(seed);
  const total = 60;
  const tap = new Tap();
  const stream = shared(tap, { maxSize: pick(random, [5, 20, 100]), whenUnread: pick(random, ['abort', 'finish']) });
  const visit = async () => {
    if (!stream.joinable) return;
    const leaveAfter = random() < 0.3 ? 1 + Math.floor(random() * total) : total + 1;
    const heard: number[] = [];
    for await (const item of stream.read()) {
      heard.push(item);
      if (heard.length >= leaveAfter) break;
      if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(heard).toEqual(Array.from({ length: Math.min(leaveAfter, total) }, (_, index) => index));
  };
  const stays = (async () => expect(await all(stream.read())).toHaveLength(total))();
  const visits: Promise<void>[] = [];
  for (let item = 0; item < total; item += 1) {
    tap.give(item);
    if (random() < 0.4) visits.push(visit());
    if (random() < 0.4) await new Promise((resolve) => setImmediate(resolve));
  }
  tap.end();
  await Promise.all([...visits, stays]);
  expect(stream.readers).toBe(0);
  expect(tap.opened).toBe(1);
});
