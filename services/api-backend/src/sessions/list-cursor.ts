import { sessionIdSchema } from '@eloquence/shared/contracts/ids';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';

/** The last session of a page: newest first, ids break ties. */
export interface ListPosition {
  /** With microseconds, as Postgres wrote it. */
  readonly createdAt: string;
  readonly sessionId: string;
}

/** Postgres knows no year 0. */
const createdAtSchema = z.iso.datetime({ precision: 6 }).refine((time) => !time.startsWith('0000'));
const positionSchema = z.tuple([createdAtSchema, sessionIdSchema]);

/** Opaque to clients. */
export function encodeCursor(position: ListPosition): string {
  return Buffer.from(JSON.stringify([position.createdAt, position.sessionId])).toString('base64url');
}

/** @throws AppError `invalid_request` for anything {@link encodeCursor} did not make */
export function decodeCursor(cursor: string): ListPosition {
  try {
    const [createdAt, sessionId] = positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { createdAt, sessionId };
  } catch {
    throw new AppError('invalid_request', 'The cursor is not valid. Use next_cursor of the page before, unchanged.');
  }
}
