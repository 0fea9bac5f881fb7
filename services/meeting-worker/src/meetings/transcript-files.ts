import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { PoolClient } from '@eloquence/shared/runtime/postgres';
import { createReadStream } from 'node:fs';
import { mkdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { appendSynced, replaceFileBy } from './durable-file.ts';

interface Line {
  readonly utterance_id: string;
  readonly speaker: string;
  readonly text: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

/** What a pair of files holds; `bytes` tells whether somebody else wrote since. */
interface Written {
  readonly lines: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly rawLines: number;
  readonly rawBytes: number;
}

/** Where the files are, and what speakers are called in them. */
export interface Target {
  readonly folder: string;
  readonly names: ReadonlyMap<string, string>;
}

/** Where a line stands in the event log; not in the file, because what is said of a meeting in between is not part of it. */
type Row = Line & { readonly seq: number };
/** Rows read at once: a restored meeting of hours is not held in memory. */
const BATCH = 500;
/** Meetings remembered; one that is forgotten is read again from its files. */
const MAX_REMEMBERED = 500;

/**
 * `transcript.jsonl` and `raw.txt` of a meeting: utterances in order of arrival, one per line in both, appended and synced. Both can be made
 * again from Postgres. A line that a crash tore is cut off and written anew; a line is never written twice.
 */
export class TranscriptFiles {
  readonly #remembered = new Map<SessionId, Written>();

  /**
   * Appends what Postgres has and the files lack.
   *
   * @param client whose turn it is ({@link inFolder})
   * @param names by speaker, as they are shown in `raw.txt`
   */
  async sync(client: PoolClient, sessionId: SessionId, { folder, names }: Target): Promise<void> {
    const [path, rawPath] = [join(folder, 'transcript.jsonl'), join(folder, 'raw.txt')];
    const written = await this.#written(client, sessionId, [path, rawPath]);
    const { rows } = await client.query<{ before: number; after: number }>(
      `select count(*) filter (where seq <= $2)::integer as before, count(*) filter (where seq > $2)::integer as after
       from utterances where session_id = $1`,
      [sessionId, written.lastSeq],
    );
    const { before = 0, after = 0 } = rows[0] ?? {};
    const isOrderly = before === written.lines && written.rawLines === written.lines;
    if (isOrderly && after === 0) return;
    // The first of all, something stored out of turn, a crash between the two, or files that are not of this database.
    if (!isOrderly || written.lines === 0) return this.restore(client, sessionId, { folder, names });
    for await (const batch of batchesOf(client, sessionId, { ...written, names })) {
      await appendSynced(path, batch.rows.map(jsonLine).join(''));
      await appendSynced(rawPath, batch.rows.map((line) => rawLine(line, names)).join(''));
      await this.#note(sessionId, folder, batch);
    }
  }

  /** Makes both files anew, under the names of now; until that is done they stay as they are. */
  async restore(client: PoolClient, sessionId: SessionId, { folder, names }: Target): Promise<void> {
    await mkdir(folder, { recursive: true });
    let upTo = { lines: 0, lastSeq: 0 };
    // Renamed last, the one with the ids says what the other holds.
    await replaceFileBy(join(folder, 'transcript.jsonl'), (addLine) =>
      replaceFileBy(join(folder, 'raw.txt'), async (addRaw) => {
        for await (const batch of batchesOf(client, sessionId, { ...upTo, names })) {
          await addLine(batch.rows.map(jsonLine).join(''));
          await addRaw(batch.rows.map((line) => rawLine(line, names)).join(''));
          upTo = batch;
        }
      }),
    );
    await this.#note(sessionId, folder, upTo);
  }

  forget(sessionId: SessionId): void {
    this.#remembered.delete(sessionId);
  }

  async #note(sessionId: SessionId, folder: string, { lines, lastSeq }: Pick<Written, 'lines' | 'lastSeq'>) {
    const [bytes, rawBytes] = [await sizeOf(join(folder, 'transcript.jsonl')), await sizeOf(join(folder, 'raw.txt'))];
    this.#remember(sessionId, { lines, lastSeq, bytes, rawLines: lines, rawBytes });
  }

  #remember(sessionId: SessionId, written: Written): void {
    this.#remembered.delete(sessionId);
    this.#remembered.set(sessionId, written);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest) this.#remembered.delete(oldest);
  }

  async #written(
    client: PoolClient,
    sessionId: SessionId,
    [path, rawPath]: readonly [string, string],
  ): Promise<Written> {
    const known = this.#remembered.get(sessionId);
    const [bytes, rawBytes] = [await sizeOf(path), await sizeOf(rawPath)];
    if (known && known.bytes === bytes && known.rawBytes === rawBytes) return known;
    const json = await mend(path);
    const raw = await mend(rawPath);
    const written = {
      lines: json.lines,
      lastSeq: json.lines === 0 ? 0 : await seqOf(client, sessionId, json),
      bytes: json.bytes,
      rawLines: raw.lines,
      rawBytes: raw.bytes,
    };
    this.#remember(sessionId, written);
    return written;
  }
}

interface Batch extends Pick<Written, 'lines' | 'lastSeq'> {
  readonly rows: readonly Row[];
}

/**
 * What comes after, and how many lines there are with it; up to the first of somebody who has no name: that was stored after the
 * names were read, and is written by who reads next.
 */
async function* batchesOf(
  client: PoolClient,
  sessionId: SessionId,
  { lines, lastSeq, names }: Pick<Written, 'lines' | 'lastSeq'> & Pick<Target, 'names'>,
): AsyncGenerator<Batch> {
  for (let isKnown = true; isKnown;) {
    const { rows: stored } = await client.query<Row>(
      'select seq, utterance_id, speaker, text, start_ms, end_ms from utterances where session_id = $1 and seq > $2 order by seq limit $3',
      [sessionId, lastSeq, BATCH],
    );
    const unknown = stored.findIndex(({ speaker }) => !names.has(speaker));
    const rows = unknown < 0 ? stored : stored.slice(0, unknown);
    isKnown = unknown < 0;
    const last = rows.at(-1);
    if (!last) return;
    lastSeq = last.seq;
    lines += rows.length;
    yield { rows, lines, lastSeq };
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

interface Mended {
  readonly lines: number;
  readonly last: string;
  readonly bytes: number;
}

/** Cuts off what comes after the last line end, which a crash left, and says what remains. */
async function mend(path: string): Promise<Mended> {
  const size = await sizeOf(path);
  let [lines, bytes, read] = [0, 0, 0];
  let last = Buffer.alloc(0);
  let open: Buffer = Buffer.alloc(0);
  if (size > 0) {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        last = Buffer.concat([open, chunk.subarray(from, end)]);
        open = Buffer.alloc(0);
        from = end + 1;
        lines += 1;
        bytes = read + from;
      }
      open = Buffer.concat([open, chunk.subarray(from)]);
      read += chunk.length;
    }
  }
  if (bytes < size) await truncate(path, bytes);
  return { lines, last: last.toString(), bytes };
}

/** Where the last line stands in the event log; -1 for a file that is not this meeting's as Postgres has it: it is made anew. */
async function seqOf(client: PoolClient, sessionId: SessionId, { lines, last }: Mended): Promise<number> {
  const { rows } = await client.query<{ seq: number; utterance_id: string }>(
    'select seq, utterance_id from utterances where session_id = $1 order by seq offset $2 limit 1',
    [sessionId, lines - 1],
  );
  return rows[0] && last.includes(`"${rows[0].utterance_id}"`) ? rows[0].seq : -1;
}

function jsonLine({ seq: _seq, ...line }: Row): string {
  return `${JSON.stringify(line)}\n`;
}

function rawLine({ start_ms: startMs, speaker, text }: Line, names: ReadonlyMap<string, string>): string {
  const seconds = Math.floor(startMs / 1000);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  );
  return `[${clock.join(':')}] ${names.get(speaker) ?? speaker}: ${text.replaceAll(/\s+/g, ' ').trim()}\n`;
}
