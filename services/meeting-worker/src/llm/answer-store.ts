import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Pool } from '@eloquence/shared/runtime/postgres';
import * as z from 'zod';

const keptSchema = z.object({ content: z.string(), model: z.string() });
export type KeptAnswer = z.infer<typeof keptSchema>;

/** Answers of models by what was asked: work done again costs nothing and says the same. They go with their session. */
export interface AnswerStore {
  find(sessionId: SessionId, requestHash: string): Promise<KeptAnswer | undefined>;
  /** Of two answers to one request the first is kept. */
  keep(sessionId: SessionId, requestHash: string, answer: KeptAnswer): Promise<void>;
}

export class PostgresAnswers implements AnswerStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async find(sessionId: SessionId, requestHash: string): Promise<KeptAnswer | undefined> {
    const { rows } = await this.#pool.query<{ answer: unknown }>(
      'select answer from meeting_answers where session_id = $1 and request_hash = $2',
      [sessionId, requestHash],
    );
    return rows[0] && keptSchema.parse(rows[0].answer);
  }

  async keep(sessionId: SessionId, requestHash: string, answer: KeptAnswer): Promise<void> {
    await this.#pool.query(
      `insert into meeting_answers (session_id, request_hash, answer)
       select $1, $2, $3 from sessions where session_id = $1 and deleted_at is null on conflict do nothing`,
      [sessionId, requestHash, JSON.stringify(answer)],
    );
  }
}
