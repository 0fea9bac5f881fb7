import { bar } from './progress.mjs';

/**
 * @param {string} line A line of whisper-stt's log.
 * @returns {string | undefined} a bar, when the line tells how far the download of the model is
 */
export function downloadNote(line) {
  if (!line.includes('"event"')) return undefined;
  try {
    const { event, percent, done_mb: doneMb, total_mb: totalMb } = JSON.parse(line);
    if (event !== 'download' || typeof percent !== 'number') return undefined;
    return `downloading the speech model ${bar(percent)}  ${Math.round(doneMb)} of ${Math.round(totalMb)} MB`;
  } catch {
    return undefined;
  }
}
