import { AudioFrame, AudioSource, LocalAudioTrack, Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node';

const RATE_HZ = 48_000;
const FRAME_SAMPLES = 480;

export interface TonePublisherOptions {
  readonly url: string;
  readonly token: string;
  readonly frequencyHz: number;
  readonly trackName?: string;
}

/** A participant who says a tone of their own, and silence between. */
export class TonePublisher implements AsyncDisposable {
  readonly #room = new Room();
  readonly #source = new AudioSource(RATE_HZ, 1, 100);
  readonly #frequencyHz: number;
  readonly #trackName: string;
  #sending: Promise<void> = Promise.resolve();
  #open = true;
  #loudSamples = 0;
  #position = 0;
  #told: (() => void) | undefined;
  trackSid = '';

  private constructor({ frequencyHz, trackName = 'microphone' }: TonePublisherOptions) {
    this.#frequencyHz = frequencyHz;
    this.#trackName = trackName;
  }

  static async join(options: TonePublisherOptions): Promise<TonePublisher> {
    const publisher = new TonePublisher(options);
    await publisher.#room.connect(options.url, options.token, { autoSubscribe: false, dynacast: false });
    await publisher.publish();
    publisher.#sending = publisher.#send();
    return publisher;
  }

  /** Publishes the microphone, in place of the one before. */
  async publish(): Promise<void> {
    const { localParticipant } = this.#room;
    if (this.trackSid !== '') await localParticipant?.unpublishTrack(this.trackSid, false);
    const track = LocalAudioTrack.createAudioTrack(this.#trackName, this.#source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    const publication = await localParticipant?.publishTrack(track, options);
    this.trackSid = publication?.sid ?? '';
  }

  /** Says the tone for so long; resolves when it is on the wire. */
  say(ms: number): Promise<void> {
    this.#loudSamples = (ms * RATE_HZ) / 1000;
    return new Promise((resolve) => {
      this.#told = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
    await this.#sending;
    await this.#room.disconnect();
    await this.#source.close();
  }

  async #send(): Promise<void> {
    while (this.#open) {
      const pcm = new Int16Array(FRAME_SAMPLES);
      if (this.#loudSamples > 0) {
        for (let index = 0; index < FRAME_SAMPLES; index += 1)
          pcm[index] = 8_000 * Math.sin((2 * Math.PI * this.#frequencyHz * (this.#position + index)) / RATE_HZ);
        this.#loudSamples -= FRAME_SAMPLES;
        if (this.#loudSamples <= 0) this.#told?.();
      }
      this.#position += FRAME_SAMPLES;
      await this.#source.captureFrame(new AudioFrame(pcm, RATE_HZ, 1, FRAME_SAMPLES));
    }
  }
}

/** What the tone in 16 kHz sound says: its frequency, as the nearest of 300, 500, 700 … Hz. */
export function toneText(sound: Buffer): string {
  // The usual stretch decides: a busy machine makes a tone choppy.
  const bytes = 2 * (BLOCK_MS * 16);
  const blocks = Array.from({ length: Math.floor(sound.length / bytes) }, (_, index) =>
    crossings(sound.subarray(index * bytes, (index + 1) * bytes)),
  ).toSorted((one, other) => one - other);
  const hz = ((blocks[Math.floor(blocks.length / 2)] ?? 0) / 2) * (1_000 / BLOCK_MS);
  return `${Math.round((hz - 100) / 200) * 200 + 100} Hz`;
}

const BLOCK_MS = 50;

function crossings(pcm: Buffer): number {
  let count = 0;
  for (let at = 2; at + 1 < pcm.length; at += 2) {
    if (pcm.readInt16LE(at - 2) < 0 !== pcm.readInt16LE(at) < 0) count += 1;
  }
  return count;
}
