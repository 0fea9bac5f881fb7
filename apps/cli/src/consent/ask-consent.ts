import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { lineSchema } from '@eloquence/shared/contracts/ids';
import type { CreateSessionRequest } from '@eloquence/shared/contracts/sessions';
import { UsageError } from '../commands/exit-codes.ts';

export type Consent = NonNullable<CreateSessionRequest['consent']>;

export interface ConsentRequest {
  /** `--consent`: who was told, and how. */
  readonly given: string | undefined;
  /** Who records. */
  readonly by: string;
  readonly say: (fr: string, en: string) => string;
  readonly stateDir: string;
  readonly meeting: string;
  readonly signal: AbortSignal;
  /** Where to ask; undefined where nobody can answer. */
  readonly terminal: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream } | undefined;
}

/** Answers to another question: who says "no" has told nobody, and "yes" names nobody. */
const NOBODY = /^(?:non?|nope|oui|ouais|yes|ok|aucun|personne|nobody|none|y|n)[\s.!]*$/iu;
const toldSchema = lineSchema
  .trim()
  .min(2)
  .max(500)
  .refine((told) => !NOBODY.test(told));

/**
 * Who was told that the meeting is recorded: by `--consent`, or asked on the terminal. Written to `consents.log` on this machine, with
 * date and meeting, before anything is captured.
 *
 * @throws UsageError without an answer, or where nobody can be asked
 */
export async function askConsent(request: ConsentRequest): Promise<Consent> {
  const { given, terminal, say } = request;
  if (given === undefined && !terminal)
    throw new UsageError(
      say(
        'Avant d\'enregistrer, dites qui en a été informé : --consent "Tous les participants, à l\'oral". (Sans terminal, la question ne peut pas être posée.)',
        'Before recording, say who was told: --consent "All participants, aloud". (Without a terminal nobody can be asked.)',
      ),
    );
  const told = toldSchema.safeParse(given ?? (await ask(request)));
  if (!told.success)
    throw new UsageError(
      say(
        "Sans dire qui a été informé, par exemple « Anne et Marc, à l'oral » (2 à 500 caractères, sur une ligne), rien n'est enregistré.",
        'Without saying who was told, such as "Anne and Marc, aloud" (2 to 500 characters, one line), nothing is recorded.',
      ),
    );
  const consent = { recording: true, by: request.by.slice(0, 120), told: told.data };
  keep(request, consent);
  return consent;
}

async function ask({ terminal, say, signal }: ConsentRequest): Promise<string> {
  if (!terminal) return '';
  terminal.output.write(
    `${say(
      "Enregistrer une réunion demande l'accord des participants. Qui avez-vous informé, et comment ?",
      'Recording a meeting needs the consent of those who take part. Whom have you told, and how?',
    )}\n${say("(par exemple : « Anne et Marc, à l'oral » ; vide : ne pas enregistrer)", '(for example: "Anne and Marc, aloud"; empty: do not record)')}\n`,
  );
  const lines = createInterface(terminal);
  try {
    return await lines.question('> ', { signal });
  } finally {
    lines.close();
  }
}

function keep({ stateDir, meeting }: ConsentRequest, consent: Consent): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const line = JSON.stringify({ at: new Date().toISOString(), meeting, ...consent });
  appendFileSync(join(stateDir, 'consents.log'), `${line}\n`, { mode: 0o600, flush: true });
}
