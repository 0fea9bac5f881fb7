/**
 * Times a sequence of one, two, three… words must follow itself to be a loop of the decoder and no speech: people do say
 * "non non non", and read digits in pairs.
 */
const LOOP_ROUNDS = [5, 4, 3, 3, 3, 3] as const;

export interface Unlooped {
  /** Indexes of the words that stay: each loop leaves one round. Of a text that was mostly loop nothing stays. */
  readonly kept: readonly number[];
  readonly looped: boolean;
}

/**
 * @param words folded, so that case and punctuation hide no loop
 * @param isSpoken whether the words from an index to another (exclusive) have their time in the sound. What was really
 *   said again and again (an announcement, "oui oui oui oui oui") is no loop of the decoder.
 */
export function breakLoops(words: readonly string[], isSpoken: (from: number, to: number) => boolean): Unlooped {
  const kept: number[] = [];
  for (let index = 0; index < words.length;) {
    const { size, length } = loopAt(words, index) ?? { size: 1, length: 1 };
    const stays = length > size && isSpoken(index, index + length) ? length : size;
    for (let offset = 0; offset < stays; offset += 1) kept.push(index + offset);
    index += length;
  }
  const cut = words.length - kept.length;
  return { kept: cut * 2 > words.length ? [] : kept, looped: cut > 0 };
}

/** The loop that begins at `index`: its size in words and the length of all its rounds. */
function loopAt(words: readonly string[], index: number): { size: number; length: number } | undefined {
  for (const [offset, rounds] of LOOP_ROUNDS.entries()) {
    const size = offset + 1;
    let length = size;
    while (index + length < words.length && words[index + length] === words[index + length - size]) length += 1;
    length -= length % size;
    if (length >= rounds * size) return { size, length };
  }
  return undefined;
}
