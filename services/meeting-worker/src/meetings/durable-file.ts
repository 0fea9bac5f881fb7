import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that after any crash it is there as a whole, old or new: beside it, to the disk, in its place. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  // A name of its own: a job and a sweep may write the same file at the same moment.
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    await writeSynced(beside, bytes, 'w');
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Appends, and returns when it is on the disk. */
export async function appendSynced(path: string, text: string): Promise<void> {
  await writeSynced(path, text, 'a');
}

async function writeSynced(path: string, data: Uint8Array | string, flags: 'w' | 'a'): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.writeFile(data);
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
