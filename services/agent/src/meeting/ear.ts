import { STT_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/stt';
import { clipIntervals, mergeIntervals, subtractIntervals, type Interval } from '@eloquence/shared/runtime/spans';
import type { GatewayLinkOptions, LinkAccount, Transcript } from '../speech/gateway-link.ts';
import { AWAY_PART, missingIn, type Reception } from './reception.ts';
import { SteadyClock } from './steady-clock.ts';

/**
 * Audio without a final text that is kept for a gateway that is away, per track: 3.8 MB. Drop policy `drop-oldest`; what is
 * dropped is reported as a gap of reason `stt_away`.
 */
const RING_SECONDS = 120;
/** Last words of a track may need a decode behind those of all others. */
const DRAIN_MS = 10_000;
/** A gateway at its limit stops reading for as long as a window of speech takes it: pings 5 s apart. */
const MISSED_PINGS = 6;

const samplesOf = (ms: number): number => (ms * STT_SAMPLE_RATE_HZ) / 1000;
/** From here on a pause of 200 ms is a good place to ask for the text. */
const ASK_FROM_SAMPLES = samplesOf(4_000);
/** From here on any quiet moment is. */
const ASK_SOON_SAMPLES = samplesOf(5_500);
/** Here text is asked for wherever it cuts, so that it is durable before it is 10 s behind the speech. */
const ASK_AT_SAMPLES = samplesOf(6_500);
/** Quiet: so much less loud than the speech of late, or than anything that is speech. */
const QUIET_PART = 0.2;
const QUIET_RMS = 60;
/** Of a muted track this much is still heard: what was said before is on its way for longer than the news of the muting. */
const MUTE_TAIL_SAMPLES = samplesOf(1_500);

/** What was excluded longer ago cannot matter any more: the ring is shorter. */
const REMEMBER_MS = 600_000;
/** Shorter absences of a sender are not worth a line in the report. */
const TELL_AWAY_MS = 1_000;

/** What an ear needs of a link to the gateway. */
export interface EarLink {
  readonly isFinalizing: boolean;
  push(pcm: Buffer, nowMs: number): void;
  finalize(): void;
  run(): Promise<void>;
  close(): Promise<void>;
}

export interface EarOptions {
  readonly openLink: (
    handlers: Pick<GatewayLinkOptions, 'onTranscript' | 'onOutage' | 'onUnsupported'> & {
      readonly account: LinkAccount;
    },
  ) => EarLink;
  readonly isMuted: () => boolean;
  /** Stretches that must not be claimed, ms since epoch; one that lasts ends at Infinity. */
  readonly pauses: () => readonly Interval[];
  readonly onTranscript: (transcript: Transcript) => void;
  /** Something that may have been said was not heard; ms since epoch. */
  readonly onMissed: (missed: Interval, reason: 'stt_away' | 'sender_away') => void;
  readonly onUnsupported: () => void;
}

/**
 * Hears one track and accounts for it: what was transcribed ({@link takeTranscribed}), what was lost. It claims a stretch only when
 * the gateway has given its final text or said that there is none, and the sound of that stretch was really sent.
 */
export class Ear {
  readonly #options: EarOptions;
  readonly #clock = new SteadyClock(STT_SAMPLE_RATE_HZ);
  readonly #link: EarLink;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #acknowledged = 0;
  /** Transcribed, not yet claimed. */
  #settled: Interval[] = [];
  /** Not sent, or not transcribed: never to be claimed. */
  #excluded: Interval[] = [];
  #receptions: Reception[] = [];
  /** Wall time up to which it is known what came. */
  #knownToMs = 0;
  #awaySinceMs: number | undefined;
  /** The microphone was off while nothing came. */
  #wasMuted = false;
  /** End of the last sound that was not silence to the last bit; ms since epoch. */
  #soundEndMs = 0;
  #silentSamples = 0;
  #loudness = 0;
  #quietInARow = 0;

  constructor(options: EarOptions) {
    this.#options = options;
    this.#link = options.openLink({
      account: {
        clock: this.#clock,
        ringSeconds: RING_SECONDS,
        drainMs: DRAIN_MS,
        missedPings: MISSED_PINGS,
        onAcknowledged: (sample) => this.#acknowledge(sample),
        onLost: (from, to) => this.#lose(from, to),
      },
      onTranscript: options.onTranscript,
      // Nobody is told aloud; what is lost by it is told as a gap.
      onOutage: () => {},
      onUnsupported: options.onUnsupported,
    });
  }

  /** Since when nobody has sent anything, ms since epoch; undefined while they do. */
  get awaySinceMs(): number | undefined {
    return this.#awaySinceMs;
  }

  /** Takes 16 kHz s16le mono sound as it comes. */
  hear(pcm: Buffer, nowMs: number = Date.now()): void {
    if (this.#closing) return;
    const { peak, rms } = levelsOf(pcm);
    this.#silentSamples = peak === 0 ? this.#silentSamples + pcm.length / 2 : 0;
    // Most people in a large meeting are muted: the gateway is only asked for room when there is something to hear.
    const isIdle = this.#silentSamples > (this.#running ? MUTE_TAIL_SAMPLES : 0);
    if (isIdle && this.#options.isMuted()) return this.#rest();
    this.#running ??= this.#link.run();
    this.#link.push(pcm, nowMs);
    if (peak > 0) this.#soundEndMs = this.#clock.timeOf(this.#clock.samples);
    this.#askForText(rms);
  }

  /** Leaves sound out from now on, until {@link hear} is called again. */
  rest(): void {
    if (!this.#closing) this.#rest();
  }

  /** What of this track came lately. A stretch is only judged when the next one is known. */
  noteReception(reception: Reception): void {
    const [before, now] = this.#receptions.length > 1 ? this.#receptions : [undefined, this.#receptions[0]];
    if (now) {
      for (const missing of missingIn(before, now, reception)) this.#exclude(missing);
      this.#knownToMs = Math.max(this.#knownToMs, now.toMs);
    }
    this.#receptions = now ? [now, reception] : [reception];
    this.#noteAway(reception);
  }

  /** What was transcribed since the last time, ms since epoch. */
  takeTranscribed(): Interval[] {
    const known = { start_ms: 0, end_ms: this.#knownToMs };
    const claimed = subtractIntervals(clipIntervals(this.#settled, known), [
      ...this.#excluded,
      ...this.#options.pauses(),
    ]);
    this.#settled = subtractIntervals(this.#settled, [known]);
    return claimed;
  }

  /** Waits for the last words. Nothing is claimed after the last sound that surely came. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#link.close();
    await this.#running;
    const isWhole = (this.#receptions.at(-1)?.concealed ?? 0) === 0;
    if (isWhole) this.#knownToMs = Math.max(this.#knownToMs, this.#soundEndMs);
  }

  #exclude(stretch: Interval): void {
    const recent = this.#excluded.filter(({ end_ms }) => end_ms > stretch.start_ms - REMEMBER_MS);
    this.#excluded = mergeIntervals([...recent, stretch]);
  }

  #rest(): void {
    this.#clock.interrupt();
    this.#loudness = 0;
    if (this.#clock.samples > this.#acknowledged && !this.#link.isFinalizing) this.#link.finalize();
  }

  #askForText(rms: number): void {
    const quiet = rms < Math.max(QUIET_RMS, QUIET_PART * this.#loudness);
    this.#quietInARow = quiet ? this.#quietInARow + 1 : 0;
    this.#loudness = Math.max(rms, this.#loudness * 0.97);
    const open = this.#clock.samples - this.#acknowledged;
    if (open < ASK_FROM_SAMPLES || this.#link.isFinalizing) return;
    const wanted = open < ASK_SOON_SAMPLES ? 2 : 1;
    if (this.#quietInARow >= wanted || open >= ASK_AT_SAMPLES) this.#link.finalize();
  }

  #acknowledge(sample: number): void {
    this.#settled.push(...this.#clock.stretches(this.#acknowledged, sample));
    this.#acknowledged = sample;
  }

  #lose(from: number, to: number): void {
    for (const stretch of this.#clock.stretches(from, to)) {
      this.#exclude(stretch);
      // What nobody sent was not lost here.
      for (const missed of subtractIntervals([stretch], this.#awayIntervals())) {
        this.#options.onMissed(missed, 'stt_away');
      }
    }
    this.#acknowledged = Math.max(this.#acknowledged, to);
  }

  #awayIntervals(): Interval[] {
    return this.#awaySinceMs === undefined ? [] : [{ start_ms: this.#awaySinceMs, end_ms: Infinity }];
  }

  #noteAway({ fromMs, toMs, concealed }: Reception): void {
    const missingMs = concealed * (toMs - fromMs);
    if (concealed > AWAY_PART) {
      this.#awaySinceMs ??= toMs - missingMs;
      this.#wasMuted ||= this.#options.isMuted();
    } else if (this.#awaySinceMs !== undefined) {
      const missed = { start_ms: this.#awaySinceMs, end_ms: fromMs + missingMs };
      // A microphone that is off sends nothing either.
      const isWorthTelling = !this.#wasMuted && missed.end_ms - missed.start_ms >= TELL_AWAY_MS;
      if (isWorthTelling) this.#options.onMissed(missed, 'sender_away');
      this.#awaySinceMs = undefined;
      this.#wasMuted = false;
    }
  }
}

function levelsOf(pcm: Buffer): { readonly peak: number; readonly rms: number } {
  let peak = 0;
  let squares = 0;
  for (let at = 0; at + 1 < pcm.length; at += 2) {
    const value = pcm.readInt16LE(at);
    peak = Math.max(peak, Math.abs(value));
    squares += value * value;
  }
  return { peak, rms: Math.sqrt(squares / Math.max(1, pcm.length / 2)) };
}
