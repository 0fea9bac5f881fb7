import * as z from 'zod';

/** Session id: `ses_` and 20 lower-case base-32 characters; also the key of the session's event stream. */
export const sessionIdSchema = z.string().regex(/^ses_[a-z2-7]{20}$/, 'a session id looks like ses_ and 20 characters');
export type SessionId = z.infer<typeof sessionIdSchema>;

/** Utterance id: unique within a session; writes are idempotent by (session_id, utterance_id). */
export const utteranceIdSchema = z.string().regex(/^utt_[a-z2-7]{16}$/);
export type UtteranceId = z.infer<typeof utteranceIdSchema>;

/** The caller's own name for its user: 1 to 128 printable characters without white space. */
export const userIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'user_id: 1 to 128 printable characters, no spaces');

/**
 * Text of one line that people read: no control characters (a database does not keep a NUL, a terminal obeys an escape) and
 * no half of a surrogate pair (a database keeps no such JSON).
 */
export const lineSchema = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or halves of surrogate pairs');

/** Languages the product speaks; what users hear is French first. */
export const languageSchema = z.enum(['fr', 'en']);
export type Language = z.infer<typeof languageSchema>;
