import { statSync } from 'node:fs';

/** Changes when the file does; a version without starting the program or reading a model of 60 MB. */
export function fileStamp(path: string): string {
  try {
    const { size, mtimeMs } = statSync(path);
    return `${path}:${size}:${Math.round(mtimeMs)}`;
  } catch {
    return path;
  }
}
