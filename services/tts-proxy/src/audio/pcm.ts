/** Turns bytes cut anywhere into whole s16le samples: an odd last byte waits for the next chunk. */
export class SampleReader {
  #carry: number | undefined;

  push(chunk: Uint8Array): Int16Array {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const head = this.#carry === undefined ? 0 : 1;
    const samples = new Int16Array((bytes.length + head) >> 1);
    let at = 0;
    let index = 0;
    if (this.#carry !== undefined && bytes.length > 0) {
      samples[0] = (((bytes[0] as number) << 24) >> 16) | this.#carry;
      at = 1;
      index = 1;
      this.#carry = undefined;
    }
    for (; at + 1 < bytes.length; at += 2, index += 1) samples[index] = bytes.readInt16LE(at);
    if (at < bytes.length) this.#carry = bytes[at];
    return samples.subarray(0, index);
  }
}

/** Samples as s16le bytes, whatever the byte order of the machine. */
export function toBytes(samples: Int16Array): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length * 2);
  for (let index = 0; index < samples.length; index += 1) bytes.writeInt16LE(samples[index] as number, index * 2);
  return bytes;
}
