import { beforeNext, isSentenceMark, pastClosers, type Reading, type Verdict } from './sentence-end.ts';

const SPACE = /\s/u;
const DIGIT = /^\p{N}/u;

/** Whether a voice may pause after the mark at `at`, and where the text goes on. Same promise as `sentenceEnd`. */
export function clauseEnd(reading: Reading, at: number): Verdict {
  const char = reading.text.charAt(at);
  if (',;:'.includes(char)) return afterStop(reading, at);
  if ('、，；：'.includes(char)) return { cutAt: at + 1 };
  if ('—–-'.includes(char)) return afterDash(reading, at);
  if (')»”'.includes(char)) return afterClosing(reading, at);
  return isSentenceMark(char) ? afterEllipsis(reading, at) : 'no';
}

function afterStop(reading: Reading, at: number): Verdict {
  const { text, ended, openGuillemets } = reading;
  const end = pastClosers(text, at + 1);
  if (end >= text.length) return ended ? 'no' : 'wait';
  if (!SPACE.test(text.charAt(end))) return 'no';
  const number = DIGIT.test(text.charAt(at - 1));
  if (!number && openGuillemets === 0) return { cutAt: end + 1 };
  return beforeNext(reading, end, (next) => !next.startsWith('»') && !(number && DIGIT.test(next)));
}

/** A dash between words; "5 - 3" and "2020 – 2024" are sums and spans. */
function afterDash(reading: Reading, at: number): Verdict {
  const { text, ended } = reading;
  if (!SPACE.test(text.charAt(at - 1))) return 'no';
  if (at + 1 >= text.length) return ended ? 'no' : 'wait';
  const previous = text.slice(0, at).trimEnd().slice(-1);
  const between = SPACE.test(text.charAt(at + 1)) && previous !== '' && !DIGIT.test(previous);
  return between ? { cutAt: at + 2 } : 'no';
}

/** ")" and "»" before a word: what stood apart is over. */
function afterClosing(reading: Reading, at: number): Verdict {
  const { text, ended } = reading;
  if (at + 1 >= text.length) return ended ? 'no' : 'wait';
  if (!SPACE.test(text.charAt(at + 1))) return 'no';
  return beforeNext(reading, at + 1, (next) => /^\p{L}/u.test(next));
}

/** "Attendez… je réfléchis": no end, but a pause. */
function afterEllipsis(reading: Reading, at: number): Verdict {
  const { text, ended } = reading;
  const end = /^(?:\.{2,}|…)(?=\s|$)/u.exec(text.slice(at, at + 8))?.[0].length ?? 0;
  if (end === 0 || isSentenceMark(text.charAt(at - 1))) return 'no';
  if (at + end >= text.length) return ended ? 'no' : 'wait';
  return beforeNext(reading, at + end, (next) => /^\p{Ll}/u.test(next));
}
