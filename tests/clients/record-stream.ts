import { stt } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { onTestFinished } from 'vitest';

const { SpeechEventType } = stt;

/**
 * Opens a stream of a LiveKit plugin and keeps all it delivers.
 *
 * @param options `close: false` leaves the stream open when the test ends
 */
export function recordStream<Plugin extends stt.STT>(plugin: Plugin, rateHz: number, { close = true } = {}) {
  const stream = plugin.stream() as ReturnType<Plugin['stream']>;
  const events: stt.SpeechEvent[] = [];
  const errors: Error[] = [];
  plugin.on('error', ({ error }) => errors.push(error));
  const done = (async () => {
    for await (const event of stream) events.push(event);
  })();
  if (close) onTestFinished(() => stream.close());
  const of = (type: stt.SpeechEventType) => events.filter((event) => event.type === type);
  const texts = (type: stt.SpeechEventType) => of(type).map((event) => event.alternatives?.[0]?.text ?? '');
  return {
    stream,
    events,
    errors,
    of,
    done,
    push: (samples: Int16Array) => stream.pushFrame(new AudioFrame(samples, rateHz, 1, samples.length)),
    interims: () => texts(SpeechEventType.INTERIM_TRANSCRIPT),
    heard: () => texts(SpeechEventType.FINAL_TRANSCRIPT),
  };
}
