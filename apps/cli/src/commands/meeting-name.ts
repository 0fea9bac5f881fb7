const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-01-19_14-30`, on the clock of this machine. */
function stampOf(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}_${two(date.getHours())}-${two(date.getMinutes())}`;
}

/** A name for a meeting nobody has named: `Reunion_2026-01-19_14-30`. */
export const generatedName = (date: Date): string => `Reunion_${stampOf(date)}`;

/** Names no Windows file may have. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** The folder of a meeting: its name in letters every file system takes, and when it began. */
export function folderName(name: string, date: Date): string {
  const plain = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  const stamp = stampOf(date);
  if (plain.includes(stamp)) return plain;
  return `${plain === '' || RESERVED.test(plain) ? 'Reunion' : plain}_${stamp}`;
}
