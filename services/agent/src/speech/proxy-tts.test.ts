import { createLogger } from '@eloquence/shared/runtime/logger';
import { waitFor } from '@eloquence/testkit/wait-for';
import { initializeLogger, type tts } from '@livekit/agents';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FakeVoice, type Behaviour, type FakeSpeech } from '../test-support/fake-voice.ts';
import { ProxyTts } from './proxy-tts.ts';
import { speakUrl } from './speak-link.ts';
import { SpeakLinks } from './speak-links.ts';
import { SpokenAnswer } from './spoken-answer.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

async function setUp(behaviour?: Behaviour) {
  const voice = await FakeVoice.start();
  if (behaviour) voice.behaviour = behaviour;
  const logger = createLogger('test', 'silent');
  const links = new SpeakLinks({ url: speakUrl(voice.url, 'fr'), key: 'the-key', logger });
  const broken: string[] = [];
  const plugin = new ProxyTts({
    links,
    logger,
    silenceTimeoutMs: 400,
    onBroken: ({ message }) => broken.push(message),
  });
  const errors: { readonly recoverable: boolean }[] = [];
  plugin.on('error', (error) => errors.push(error));
  onTestFinished(async () => {
    await plugin.close();
    await voice[Symbol.asyncDispose]();
  });
  return { voice, plugin, broken, errors };
}

/** Samples that say which sentence they are of: its length, again and again. */
const pcm = (text: string, samples: number) => Buffer.from(new Int16Array(samples).fill(text.length).buffer);

/** What of a text to be spoken the fake has not spoken yet, sentence by sentence. */
function sentencesOf(speech: FakeSpeech): string[] {
  const pieces = speech.text.match(/[^.?]+[.?]\s*/gu) ?? [];
  speech.text = '';
  return pieces;
}

function say(voice: FakeVoice, speech: FakeSpeech, text: string, samples = 480): void {
  voice.tell(speech, { type: 'Sentence', text, engine: 'fake' });
  speech.socket.send(pcm(text, samples));
}

const speakAll =
  (samples = 480): Behaviour =>
  (speech, message, voice) => {
    if (message.type === 'Speak') speech.text += message.text;
    if (message.type !== 'Flush') return;
    for (const text of sentencesOf(speech)) say(voice, speech, text, samples);
    voice.tell(speech, { type: 'Flushed', sequence_id: 0 });
  };

async function heard(stream: tts.SynthesizeStream): Promise<tts.SynthesizedAudio[]> {
  const frames: tts.SynthesizedAudio[] = [];
  for await (const item of stream) if (typeof item !== 'symbol') frames.push(item);
  return frames;
}

async function speak(plugin: ProxyTts, ...texts: readonly string[]): Promise<tts.SynthesizedAudio[]> {
  const stream = plugin.stream();
  for (const text of texts) stream.pushText(text);
  stream.endInput();
  return heard(stream);
}

const textsOf = (frames: readonly tts.SynthesizedAudio[]): string[] =>
  frames.flatMap(({ timedTranscripts }) => timedTranscripts?.map(({ text }) => text) ?? []);
const startsOf = (frames: readonly tts.SynthesizedAudio[]): (number | undefined)[] =>
  frames.flatMap(({ timedTranscripts }) => timedTranscripts?.map(({ startTime }) => startTime) ?? []);
const valuesOf = (frames: readonly tts.SynthesizedAudio[]): number[] => frames.flatMap(({ frame }) => [...frame.data]);

/** The connections over which the text went. */
const asked = (speeches: readonly FakeSpeech[], text: string) =>
  speeches.filter(({ messages }) => messages.some((message) => 'text' in message && message.text.includes(text)));
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

const FIRST = 'Bonjour et bienvenue à vous. ';
const SECOND = 'Comment allez-vous ?';

test('every sample arrives, in frames of 20 ms, each sentence with its text and its time', async () => {
  const { voice, plugin } = await setUp(speakAll(1_000));
  const frames = await speak(plugin, `${FIRST}${SECOND}`);
  expect(frames.map(({ frame }) => frame.samplesPerChannel)).toEqual([480, 480, 480, 480, 80]);
  expect(valuesOf(frames)).toEqual([
    ...Array.from({ length: 1_000 }, () => FIRST.length),
    ...Array.from({ length: 1_000 }, () => SECOND.length),
  ]);
  expect(textsOf(frames)).toEqual([FIRST, SECOND]);
  expect(startsOf(frames)).toEqual([0, 0.042]);
  const [speech] = voice.speeches;
  expect(speech?.authorization).toBe('Bearer the-key');
  expect(Object.fromEntries(speech?.url.searchParams ?? [])).toEqual({
    encoding: 'linear16',
    sample_rate: '24000',
    container: 'none',
    voice: 'coach-fr',
    language: 'fr',
    sentences: 'true',
  });
});

test('text goes out word by word, as it comes', async () => {
  const { voice, plugin } = await setUp(speakAll());
  plugin.prepare();
  await waitFor(() => voice.open.length === 1);
  const stream = plugin.stream();
  stream.pushText('Bon');
  await waitFor(() => voice.speeches[0]?.messages.length === 1);
  stream.pushText('jour');
  await waitFor(() => voice.speeches[0]?.messages.length === 2);
  stream.pushText(' à vous.');
  await waitFor(() => voice.speeches[0]?.messages.length === 3);
  stream.endInput();
  expect(textsOf(await heard(stream))).toEqual(['Bonjour à vous.']);
  const sent = voice.speeches[0]?.messages.map((message) => ('text' in message ? message.text : message.type));
  expect(sent).toEqual(['Bon', 'jour', ' à vous.', 'Flush']);
});

test('a text longer than a message may be goes out in several, whole', async () => {
  const { voice, plugin } = await setUp(speakAll());
  const text = `${'😀'.repeat(1_500)} et un mot.`;
  const frames = await speak(plugin, text);
  expect(textsOf(frames).join('')).toBe(text);
  expect(voice.speeches[0]?.messages).toHaveLength(3);
});

test('an answer longer than anything is spoken to its end, and only so much of it is sent ahead', async () => {
  let [waiting, most] = [0, 0];
  const { plugin, errors } = await setUp((speech, message, voice) => {
    if (message.type === 'Speak') {
      speech.text += message.text;
      waiting += message.text.length;
      most = Math.max(most, waiting);
    }
    const pieces = /^.*[.?]\s*/su.exec(speech.text)?.[0].match(/[^.?]+[.?]\s*/gu) ?? [];
    for (const text of pieces) {
      say(voice, speech, text, 2);
      speech.text = speech.text.slice(text.length);
      waiting -= text.length;
    }
    if (message.type === 'Flush') voice.tell(speech, { type: 'Flushed', sequence_id: 0 });
  });
  const text = 'Une phrase parmi beaucoup d’autres. '.repeat(2_000);
  expect(textsOf(await speak(plugin, text)).join('')).toBe(text);
  expect(most).toBeLessThanOrEqual(6_000);
  expect(errors).toEqual([]);
});

test('samples torn apart by the network are put together again', async () => {
  const { plugin } = await setUp((speech, message, voice) => {
    if (message.type !== 'Flush') return;
    voice.tell(speech, { type: 'Sentence', text: FIRST, engine: 'fake' });
    const bytes = pcm(FIRST, 481);
    for (const [from, to] of [
      [0, 1],
      [1, 7],
      [7, 960],
      [960, 962],
    ] as const)
      speech.socket.send(bytes.subarray(from, to));
    voice.tell(speech, { type: 'Flushed', sequence_id: 0 });
  });
  const frames = await speak(plugin, FIRST);
  expect(valuesOf(frames)).toEqual(Array.from({ length: 481 }, () => FIRST.length));
});

test('the first frame is there while the answer is still being made', async () => {
  const { plugin } = await setUp((speech, message, voice) => {
    if (message.type === 'Speak') say(voice, speech, message.text);
  });
  const stream = plugin.stream();
  stream.pushText(FIRST);
  expect((await stream.next()).done).toBe(false);
  stream.close();
});

test('an answer that is cut off closes its socket at once, and another is there for the next', async () => {
  const { voice, plugin } = await setUp((speech, message, fake) => {
    if (message.type === 'Flush') say(fake, speech, FIRST);
  });
  const stream = plugin.stream();
  stream.pushText(`${FIRST}${SECOND}`);
  stream.endInput();
  await stream.next();
  stream.close();
  await waitFor(() => voice.speeches[0]?.closed, { what: 'a closed socket' });
  await waitFor(() => voice.open.length === 1, { what: 'a spare' });
  expect(voice.speeches[1]?.messages).toEqual([]);
});

test('one answer after another is spoken over one connection, opened before the first', async () => {
  const { voice, plugin } = await setUp(speakAll());
  plugin.prepare();
  await waitFor(() => voice.open.length === 1);
  expect(await speak(plugin, FIRST)).toHaveLength(1);
  expect(await speak(plugin, SECOND)).toHaveLength(1);
  expect(voice.speeches).toHaveLength(1);
});

test('of two answers at once each has its connection, and one spare is kept', async () => {
  const { voice, plugin } = await setUp(speakAll());
  const answers = await Promise.all([speak(plugin, FIRST), speak(plugin, SECOND)]);
  expect(answers.map(textsOf)).toEqual([[FIRST], [SECOND]]);
  await waitFor(() => voice.open.length === 1, { what: 'one spare' });
  expect(voice.speeches).toHaveLength(2);
});

test('a service that restarts before the first sound gets all the text again, and nothing is said twice', async () => {
  const { voice, plugin, errors, broken } = await setUp(speakAll());
  voice.down = true;
  const stream = plugin.stream();
  stream.pushText(FIRST);
  await waitFor(() => voice.refused > 1);
  stream.pushText(SECOND);
  stream.endInput();
  voice.down = false;
  expect(textsOf(await heard(stream))).toEqual([FIRST, SECOND]);
  expect(errors).toEqual([]);
  expect(broken).toEqual([]);
});

test('a sentence announced of which nothing was heard is spoken over the next connection', async () => {
  const { voice, plugin, broken } = await setUp((speech, message, fake) => {
    if (fake.speeches.length > 1) return speakAll()(speech, message, fake);
    if (message.type !== 'Flush') return;
    fake.tell(speech, { type: 'Sentence', text: FIRST, engine: 'fake' });
    speech.socket.close(1001);
  });
  const frames = await speak(plugin, FIRST, SECOND);
  expect(textsOf(frames)).toEqual([FIRST, SECOND]);
  expect(startsOf(frames)).toEqual([0, 0.02]);
  expect(voice.speeches.length).toBeGreaterThan(1);
  expect(broken).toEqual([]);
});

test('a connection lost after the first sound: the rest of the answer is spoken, nothing twice, and it is told', async () => {
  const { voice, plugin, broken, errors } = await setUp((speech, message, fake) => {
    if (fake.speeches.length > 1) return speakAll()(speech, message, fake);
    if (message.type !== 'Flush') return;
    say(fake, speech, FIRST, 1_000);
    speech.socket.close(1011, 'internal: gone');
  });
  const frames = await speak(plugin, FIRST, SECOND);
  expect(textsOf(frames)).toEqual([FIRST, SECOND]);
  expect(valuesOf(frames).filter((value) => value === FIRST.length)).toHaveLength(1_000);
  const again = voice.speeches.at(-1)?.messages.map((message) => ('text' in message ? message.text : ''));
  expect(again?.join('')).toBe(SECOND);
  expect(broken).toHaveLength(1);
  expect(errors).toEqual([]);
});

test('a connection lost while the answer is still being written: what comes later is spoken', async () => {
  const { voice, plugin } = await setUp((speech, message, fake) => {
    if (fake.speeches.length > 1) return speakAll()(speech, message, fake);
    say(fake, speech, FIRST);
    speech.socket.close(1001);
  });
  const stream = plugin.stream();
  stream.pushText(FIRST);
  await waitFor(() => voice.speeches[0]?.closed);
  stream.pushText(SECOND);
  stream.endInput();
  expect(textsOf(await heard(stream))).toEqual([FIRST, SECOND]);
});

test('a sentence that broke off is told, and the answer goes on', async () => {
  const { plugin, broken, errors } = await setUp((speech, message, voice) => {
    if (message.type !== 'Flush') return;
    say(voice, speech, FIRST, 100);
    voice.tell(speech, { type: 'Warning', code: 'upstream_failed', description: 'the voice broke off' });
    say(voice, speech, SECOND);
    voice.tell(speech, { type: 'Flushed', sequence_id: 0 });
  });
  const frames = await speak(plugin, FIRST, SECOND);
  expect(textsOf(frames)).toEqual([FIRST, SECOND]);
  expect(valuesOf(frames)).toHaveLength(580);
  expect(broken).toHaveLength(1);
  expect(errors).toEqual([]);
});

test('a voice that stays silent is taken for failed', async () => {
  const { plugin, errors, voice } = await setUp(() => {});
  expect(await speak(plugin, FIRST)).toEqual([]);
  expect(errors.map(({ recoverable }) => recoverable)).toEqual([false]);
  await waitFor(() => voice.speeches[0]?.closed);
});

test('a voice that falls silent in the middle is taken for failed, once all that came has been heard', async () => {
  const { plugin, errors } = await setUp((speech, message, voice) => {
    if (message.type === 'Flush') say(voice, speech, FIRST, 4_800);
  });
  const frames = await speak(plugin, FIRST, SECOND);
  expect(valuesOf(frames)).toHaveLength(4_800);
  expect(errors).toHaveLength(1);
});

test('a model that pauses in the middle of a sentence is not taken for a silent voice', async () => {
  const { plugin, errors } = await setUp(speakAll());
  const stream = plugin.stream();
  stream.pushText('Je ');
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 700);
  await promise;
  stream.pushText('réfléchis.');
  stream.endInput();
  expect(textsOf(await heard(stream))).toEqual(['Je réfléchis.']);
  expect(errors).toEqual([]);
});

test('a service that breaks off again and again before any sound is given up in time', async () => {
  const { voice, plugin, errors } = await setUp((speech, message) => {
    if (message.type === 'Flush') speech.socket.close(1011, 'upstream_failed: no voice');
  });
  const startedMs = performance.now();
  expect(await speak(plugin, FIRST)).toEqual([]);
  expect(performance.now() - startedMs).toBeLessThan(1_500);
  expect(voice.speeches.length).toBeGreaterThan(1);
  expect(errors).toHaveLength(1);
});

describe('a sentence that ends the connection', () => {
  const UNSPEAKABLE = '①②③ ④⑤⑥. ';

  test.each([false, true])('is asked for twice, then left out and told (announced: %s)', async (isAnnounced) => {
    const { voice, plugin, broken, errors } = await setUp((speech, message, fake) => {
      if (message.type === 'Speak') speech.text += message.text;
      if (message.type !== 'Flush') return;
      for (const text of sentencesOf(speech)) {
        if (text !== UNSPEAKABLE) say(fake, speech, text);
        else {
          if (isAnnounced) fake.tell(speech, { type: 'Sentence', text, engine: 'fake' });
          return speech.socket.close(1011, 'upstream_failed: no voice');
        }
      }
      fake.tell(speech, { type: 'Flushed', sequence_id: 0 });
    });
    expect(textsOf(await speak(plugin, FIRST, UNSPEAKABLE, SECOND))).toEqual([FIRST, SECOND]);
    expect(asked(voice.speeches, UNSPEAKABLE)).toHaveLength(2);
    expect(asked(voice.speeches, FIRST)).toHaveLength(1);
    expect(broken.length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  test.each([
    ['tts-proxy is full', 4503, 'overloaded: Too many are speaking.'],
    ['tts-proxy goes away', 1001, 'The service is restarting. Connect again.'],
  ])('is not to blame when %s', async (_what, code, reason) => {
    let closes = 0;
    const { plugin, broken, errors } = await setUp((speech, message, fake) => {
      if (closes === 2) return speakAll()(speech, message, fake);
      if (message.type !== 'Flush') return;
      closes += 1;
      speech.socket.close(code, reason);
    });
    expect(textsOf(await speak(plugin, FIRST, SECOND))).toEqual([FIRST, SECOND]);
    expect(broken).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('is not to blame before it is whole', async () => {
    let closes = 0;
    const { plugin, errors } = await setUp((speech, message, fake) => {
      if (closes === 2) return speakAll()(speech, message, fake);
      closes += 1;
      speech.socket.close(1011, 'internal: gone');
    });
    const stream = plugin.stream();
    stream.pushText('Bonjour et ');
    await waitFor(() => closes === 2);
    stream.pushText('bienvenue à vous. ');
    stream.endInput();
    expect(textsOf(await heard(stream))).toEqual([FIRST]);
    expect(errors).toEqual([]);
  });
});

test('text without sound, more than tts-proxy may hold, does not stop what comes after it', async () => {
  const dashes = `${'-'.repeat(7_000)}\n\n`;
  const { plugin, errors } = await setUp((speech, message, fake) => {
    if (message.type === 'Speak') speech.text += message.text;
    if (message.type !== 'Flush') return;
    for (const text of speech.text.replace(/-{2,}\s*/gu, '').match(/[^.?]+[.?]\s*/gu) ?? [])
      say(fake, speech, text.trim());
    speech.text = '';
    fake.tell(speech, { type: 'Flushed', sequence_id: 0 });
  });
  expect(textsOf(await speak(plugin, FIRST, dashes, SECOND))).toEqual([FIRST.trim(), SECOND]);
  expect(errors).toEqual([]);
});

test('an answer that is over waits for nothing, whatever is still written to it', async () => {
  const logger = createLogger('test', 'silent');
  const links = new SpeakLinks({ url: speakUrl('http://127.0.0.1:9', 'fr'), key: 'the-key', logger });
  const listening = new AbortController();
  const answer = new SpokenAnswer({ links, logger, silenceTimeoutMs: 60_000, onBroken: () => {} }, listening.signal);
  const running = answer.run();
  listening.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow('interrupted');
  const before = timers();
  answer.write('Une phrase. '.repeat(50));
  answer.end();
  expect(timers()).toBe(before);
  links.close();
});

test('a refused key is not tried again', async () => {
  const { voice, plugin, errors } = await setUp();
  voice.refusal = { status: 401, body: '{"code":"unauthorized"}' };
  await speak(plugin, FIRST);
  expect(errors).toHaveLength(1);
  // The answer's, and those of the spare, which waits longer and longer.
  expect(voice.refused).toBeLessThan(4);
});

test.each(['', '  \n '])('an answer of %j ends at once, without a connection', async (text) => {
  const { voice, plugin, errors } = await setUp();
  expect(await speak(plugin, text)).toEqual([]);
  expect(voice.speeches).toEqual([]);
  expect(errors).toEqual([]);
});

test('an answer of only emoji is shown and ends; it has a moment of silence for sound', async () => {
  const { plugin, errors } = await setUp((speech, message, voice) => {
    if (message.type === 'Flush') voice.tell(speech, { type: 'Flushed', sequence_id: 0 });
  });
  const frames = await speak(plugin, '🎉 🎉');
  expect(textsOf(frames)).toEqual(['🎉 🎉']);
  expect(valuesOf(frames)).toEqual(Array.from({ length: 480 }, () => 0));
  expect(errors).toEqual([]);
});

test('emoji behind the last sentence are shown', async () => {
  const { plugin } = await setUp((speech, message, voice) => {
    if (message.type !== 'Flush') return;
    say(voice, speech, FIRST);
    voice.tell(speech, { type: 'Sentence', text: '🎉', engine: 'fake' });
    voice.tell(speech, { type: 'Flushed', sequence_id: 0 });
  });
  expect(textsOf(await speak(plugin, FIRST, '🎉'))).toEqual([FIRST, '🎉']);
});

test('the time to the first sound counts from the first text sent', async () => {
  const { plugin } = await setUp((speech, message, voice) => {
    if (message.type !== 'Speak' || message.text !== SECOND) return;
    say(voice, speech, FIRST);
    say(voice, speech, SECOND);
  });
  const measured = Promise.withResolvers<number>();
  plugin.on('metrics_collected', ({ ttfbMs }) => measured.resolve(ttfbMs));
  const stream = plugin.stream();
  stream.pushText(FIRST);
  setTimeout(() => {
    stream.pushText(SECOND);
    stream.endInput();
  }, 150);
  await stream.next();
  await stream.next();
  stream.close();
  const ttfbMs = await measured.promise;
  expect(ttfbMs).toBeGreaterThanOrEqual(140);
  expect(ttfbMs).toBeLessThan(1_000);
});
