import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

type Add = (data: Uint8Array | string) => Promise<void>;

/**
 * Writes a file so that after any crash it is there as a whole, old or new: beside it, to the disk, in its place. One at a time; what
 * a crash leaves beside it is used by the next.
 */
export function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  return replaceFileBy(path, (add) => add(bytes));
}

/** The same of what `write` adds, part by part; where that throws, the file stays as it was. */
export async function replaceFileBy(path: string, write: (add: Add) => Promise<void>): Promise<void> {
  const beside = `${path}.tmp`;
  try {
    await writeSynced(beside, 'w', write);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Appends, and returns when it is on the disk. */
export async function appendSynced(path: string, text: string): Promise<void> {
  await writeSynced(path, 'a', (add) => add(text));
}

async function writeSynced(path: string, flags: 'w' | 'a', write: (add: Add) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    // A handle goes on where it was.
    await write((data) => file.writeFile(data));
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** A file's name is part of its folder, and lost with it where that is not on the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  // Not every system lets a folder be opened or synced.
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
