/** A test tone as s16le mono, with silence before it. */
export function tone(options: {
  readonly seconds: number;
  readonly leadingSilenceS?: number;
  readonly frequencyHz?: number;
  readonly sampleRateHz?: number;
  /** 0..1 of full scale. */
  readonly level?: number;
}): Buffer {
  const { seconds, leadingSilenceS = 0, frequencyHz = 440, sampleRateHz = 24_000, level = 0.5 } = options;
  const silent = Math.round(leadingSilenceS * sampleRateHz);
  const total = silent + Math.round(seconds * sampleRateHz);
  const bytes = Buffer.alloc(total * 2);
  for (let index = silent; index < total; index += 1) {
    const phase = (2 * Math.PI * frequencyHz * (index - silent)) / sampleRateHz;
    bytes.writeInt16LE(Math.round(Math.sin(phase) * level * 32_767), index * 2);
  }
  return bytes;
}
