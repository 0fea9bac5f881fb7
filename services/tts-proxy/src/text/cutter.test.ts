import { describe, expect, it } from 'vitest';
import { cutterCases } from './cutter.cases.ts';
import { Cutter } from './cutter.ts';

function cut(text: string, stepChars = text.length || 1): string[] {
  const cutter = new Cutter();
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += stepChars) pieces.push(...cutter.push(text.slice(at, at + stepChars)));
  return [...pieces, ...cutter.flush()];
}

function shown(text: string): string {
  return text.replaceAll('\u202F', '~').replaceAll('\u00A0', '¤');
}

/** Repeatable: the same texts in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.each(Object.entries(cutterCases))('%s', (_, cases) => {
  it.each(cases)('%j', (marked) => {
    const text = marked.replaceAll('|', '').replaceAll('~', '\u202F').replaceAll('¤', '\u00A0');
    const expected = marked.split('|').filter((piece) => piece !== '');
    for (const stepChars of [text.length, 1, 2, 3, 7]) expect(cut(text, stepChars).map(shown)).toEqual(expected);
  });
});

it('has a table of at least 150 cases', () => {
  expect(Object.values(cutterCases).flat().length).toBeGreaterThanOrEqual(150);
});

describe('what is certain is given at once', () => {
  it.each([
    ['Comment allez-vous ? ', 1],
    ['Bonjour ! ', 1],
    ['Merci beaucoup. ', 1],
    ['Pour votre entretien de jeudi, ', 1],
    ['# Le titre du texte\n\n', 1],
    ['Je suis venu voir M. ', 0],
    ['Je suis venu voir etc. ', 0],
    ['Comment allez-vous ?', 0],
    ['Il habite aux U.S. ', 0],
    ['« Vous venez ? ', 0],
    ['Il a trouvé 12. ', 0],
    ['Oui, d’accord, ', 0],
  ])('%j has %i pieces', (text, count) => {
    const cutter = new Cutter();
    let pieces: string[] = [];
    for (const char of text) pieces = [...pieces, ...cutter.push(char)];
    expect(pieces).toHaveLength(count);
  });
});

describe('whatever the text', () => {
  const tokens =
    'M.|Mme|Dr|etc.|p. ex.|14 h 30|3,5|1~234|J.|K.|U.S.|Inc.|No.|5|2.|Bonjour|Oui|le|chat|dort|Il|The|and|mais|, | ; | : | |  |\n|\n\n|. |.|! | ?|?!|…|... |« | »|“|” |" |(|) |— |- |* |**|# |🎉|👍🏽|e\u0301|語|。|、|https://a.fr/b?c=d |\r\n|½|²'.split(
      '|',
    );

  it('cuts where the text says and not how it arrives; pieces hold words and join to the text', () => {
    const next = random(7);
    for (let round = 0; round < 300; round += 1) {
      const count = 5 + Math.floor(next() * 120);
      let text = '';
      for (let index = 0; index < count; index += 1) {
        text += (tokens[Math.floor(next() * tokens.length)] ?? '').replace('~', '\u202F');
        if (next() < 0.5) text += ' ';
      }
      const whole = cut(text);
      for (const stepChars of [1, 2, 5, 17]) expect(cut(text, stepChars)).toEqual(whole);
      expect(whole.join('')).toBe(text);
      expect(whole.slice(0, -1).filter((piece) => !/[\p{L}\p{N}]/u.test(piece))).toEqual([]);
    }
  });

  it('gives every piece but the last before the end, as soon as a fixed number of characters has followed', () => {
    const cutter = new Cutter();
    const text = 'Il vient. On verra M. Dupont, etc. Puis « Oui ! » dit-il. Fin de l’histoire. '.repeat(20);
    let given = 0;
    for (let at = 0; at < text.length; at += 1) {
      for (const piece of cutter.push(text.charAt(at))) given += piece.length;
      expect(at + 1 - given).toBeLessThan(100);
    }
  });

  it.each([
    ['one word', 'a'.repeat(100_000)],
    ['no spaces', '語'.repeat(100_000)],
    ['spaces between numbers', '12 '.repeat(33_000)],
    ['abbreviations', 'M. '.repeat(33_000)],
    ['open quotes', '« a ? '.repeat(16_000)],
    ['sentences', 'Bonjour à tous, voici. Et encore ! '.repeat(3_000)],
    ['lines', 'a\n'.repeat(50_000)],
    ['emoji and words', 'a👩‍👩‍👧 '.repeat(11_000)],
  ])('%s of 100 kB, character by character: short pieces, in linear time', (_, text) => {
    const started = performance.now();
    const pieces = cut(text, 1);
    // A quadratic cutter takes minutes; the margin is for busy machines.
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(400);
    expect(pieces.join('')).toBe(text);
  });

  it('keeps no endless silence: what nobody would hear is dropped', () => {
    for (const silence of ['- ', '…', ' ', '🎉', '«', '\n']) {
      const pieces = cut(`${silence.repeat(50_000)}Bonjour à tous.`, 100);
      expect(pieces.join('')).toMatch(/Bonjour à tous\.$/u);
      expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(1_200);
    }
  });

  it.each([
    ['pairs', '😀a'.repeat(2_000), /^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/u],
    ['combining marks', 'e\u0301'.repeat(2_000), /^\p{M}/u],
    ['families of emoji', 'a👩‍👩‍👧‍👦'.repeat(1_000), /^\u200D|\u200D$/u],
    ['skin tones', 'a👍🏽'.repeat(1_000), /^[\u{1F3FB}-\u{1F3FF}]/u],
  ])('a forced cut does not split %s', (_, text, torn) => {
    const pieces = cut(text, 3);
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces) expect(piece).not.toMatch(torn);
    expect(pieces.join('')).toBe(text);
  });

  it('a forced cut does not split numbers, hours or a name from its title', () => {
    const text = 'le prix monte à 1 234 567 euros à 14 h 30 chez M. Dupont au n° 5 '.repeat(40);
    for (const piece of cut(text, 1).slice(0, -1)) {
      expect(piece).not.toMatch(/(?:\d|h|M\.|n°) ?$/u);
      expect(piece).not.toMatch(/^(?:\d{3}|h|Dupont)/u);
    }
  });
});

it('what comes after a flush is a new beginning', () => {
  const cutter = new Cutter();
  expect([...cutter.push('Une phrase sans fin'), ...cutter.flush()]).toEqual(['Une phrase sans fin']);
  expect(cutter.push('Pour votre entretien de jeudi, préparez')).toEqual(['Pour votre entretien de jeudi, ']);
  expect(cutter.flush()).toEqual(['préparez']);
  expect(cutter.flush()).toEqual([]);
});

it('a silent rest joins the piece before it, or is given alone when that has been given', () => {
  expect(cut('Il dit : « oui » 🎉')).toEqual(['Il dit : « oui » 🎉']);
  expect(cut('Très bien. 🎉 🎉')).toEqual(['Très bien. ', '🎉 🎉']);
  expect(cut('  \n « ! »')).toEqual(['  \n « ! »']);
  expect(cut('')).toEqual([]);
});

it('half a surrogate pair at the end of a push waits for the other half', () => {
  const cutter = new Cutter();
  const pieces = [...cutter.push('Il dit etc. \uD83C'), ...cutter.push('\uDF89 Bravo à tous.'), ...cutter.flush()];
  expect(pieces).toEqual(['Il dit etc. ', '🎉 Bravo à tous.']);
});
