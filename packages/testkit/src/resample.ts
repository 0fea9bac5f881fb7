/** Zero crossings of the sinc on either side: enough for 60 dB with the window below. */
const CROSSINGS = 16;
/** Share of the new Nyquist frequency that passes; the rest is room for the filter's slope. */
const PASS_BAND = 0.95;

/** Changes the rate of 16-bit mono samples by a windowed sinc; for test material, not for streams. */
export function resample(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return pcm;
  const cutoff = Math.min(1, toHz / fromHz) * PASS_BAND;
  const reach = Math.ceil(CROSSINGS / cutoff);
  const result = new Int16Array(Math.floor((pcm.length * toHz) / fromHz));
  for (let index = 0; index < result.length; index += 1) {
    const centre = (index * fromHz) / toHz;
    let sum = 0;
    for (let at = Math.ceil(centre - reach); at <= centre + reach; at += 1) {
      const distance = (at - centre) * cutoff;
      const sinc = distance === 0 ? 1 : Math.sin(Math.PI * distance) / (Math.PI * distance);
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (at - centre)) / (reach + 1));
      sum += (pcm[at] ?? 0) * sinc * window * cutoff;
    }
    result[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return result;
}
