import { closeSync, copyFileSync, existsSync, openSync, readSync, renameSync, statSync, truncateSync } from 'node:fs';

const ROTATE_AT_BYTES = 20 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * Opens a log for appending. Append mode matters: the file may be truncated below a running writer.
 * @param {string} file
 * @returns {number} a file descriptor the caller closes
 */
export function openLog(file) {
  if (existsSync(file) && statSync(file).size > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/**
 * Keeps one older copy and empties the log in place, since its writer cannot be asked to reopen it.
 * @param {string} file
 */
export function rotateIfLarge(file) {
  if (!existsSync(file) || statSync(file).size <= ROTATE_AT_BYTES) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file, 0);
}

/**
 * @param {string} file
 * @returns {number} size in bytes, 0 when there is no such file
 */
export function sizeOf(file) {
  return existsSync(file) ? statSync(file).size : 0;
}

/**
 * @param {string} file
 * @param {number} offset In bytes; an offset beyond the end (the log was emptied) reads from the start.
 * @returns {{text: string, end: number}}
 */
export function readFrom(file, offset) {
  const size = sizeOf(file);
  const start = offset > size ? 0 : offset;
  const buffer = Buffer.alloc(Math.min(size - start, 1024 * 1024));
  if (buffer.length === 0) return { text: '', end: start };
  const descriptor = openSync(file, 'r');
  try {
    const read = readSync(descriptor, buffer, 0, buffer.length, start);
    return { text: buffer.toString('utf8', 0, read), end: start + read };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * @param {string} file
 * @param {number} count
 * @param {number} [since] Byte offset before which nothing is of interest.
 * @returns {string[]} the last non-empty lines
 */
export function lastLines(file, count, since = 0) {
  const size = sizeOf(file);
  const { text } = readFrom(file, Math.max(since > size ? 0 : since, size - TAIL_BYTES));
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}

const EXCERPT_HEAD = 8;
const EXCERPT_TAIL = 16;

/**
 * @param {string} file
 * @param {number} since Byte offset where the run of interest begins.
 * @returns {string[]} first and last lines: some programs name the cause first and end in advice
 */
export function excerpt(file, since) {
  const lines = readFrom(file, since)
    .text.split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length <= EXCERPT_HEAD + EXCERPT_TAIL) return lines;
  return [...lines.slice(0, EXCERPT_HEAD), '…', ...lines.slice(-EXCERPT_TAIL)];
}
