/** First day a zip can name, 1 January 1980, 0:00, as it is written in there. */
const DATE = 0x0021;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;

/**
 * Gives every file of an archive (APPNOTE 6.3, without zip64 and comment) one date, in place, so that the same contents give the
 * same bytes.
 */
export function fixZipDates(archive: Buffer): Buffer {
  const end = archive.length - END_BYTES;
  if (archive.readUInt32LE(end) !== END) throw new Error('the archive has a comment, or is none');
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== CENTRAL) throw new Error('the directory of the archive is broken');
    archive.writeUInt16LE(0, at + 12);
    archive.writeUInt16LE(DATE, at + 14);
    const local = archive.readUInt32LE(at + 42);
    archive.writeUInt16LE(0, local + 10);
    archive.writeUInt16LE(DATE, local + 12);
    at += 46 + archive.readUInt16LE(at + 28) + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return archive;
}
