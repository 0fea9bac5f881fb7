/** The value of a Roman numeral of I, V and X as it is properly written, up to 39; `undefined` for anything else. */
export function romanValue(numeral: string): number | undefined {
  const [, tens, ones] = /^(X{0,3})(IX|IV|V?I{0,3})$/u.exec(numeral) ?? [];
  if (numeral === '' || tens === undefined || ones === undefined) return undefined;
  const units = { IX: 9, IV: 4 }[ones] ?? (ones.startsWith('V') ? 4 : 0) + ones.length;
  return tens.length * 10 + units;
}
