import { synthesisAnswerSchema, type SynthesisAnswer } from '@eloquence/shared/contracts/meeting-llm';
import type { Writer } from '@eloquence/shared/contracts/meeting';
import type { Report, ReportItem } from '@eloquence/shared/contracts/report';
import { AppError } from '@eloquence/shared/runtime/errors';
import { saysTheSame } from '../chunks/similar.ts';
import type { ModelAnswer, ModelClient } from '../llm/model-client.ts';
import { chaptersOf, topicHeadings, type Heading } from './chapters.ts';
import type { Draft } from './draft.ts';
import { SynthesisCheck } from './synthesis-check.ts';
import { MAX_ITEMS, synthesisItems, synthesisSystem, type SynthesisPart } from './synthesis-prompt.ts';

export interface SynthesisOptions {
  readonly model: ModelClient;
  readonly signal: AbortSignal;
}

/** Chapters are asked for in blocks of an hour: at once, and most of them before the last minutes are summarised. */
const BLOCK_MS = 3_600_000;
/** Fewer items make no summary. */
const FEWEST_ITEMS = 8;
const MAX_LINES = 5;
/** Five sentences, six titles: what is longer is cut off, and a cut-off answer is no answer. */
const MAX_TOKENS = { summary: 600, chapters: 500 } as const;

/**
 * Writes summary and chapter titles by a model, over the items of a draft and nothing else. Every line is checked against the items
 * it names; what they do not carry goes to `unverified`, and where nothing is left, what code wrote stands.
 *
 * @throws what {@link ModelClient} throws
 */
export async function synthesise(draft: Draft, { model, signal }: SynthesisOptions): Promise<Report> {
  const { report, items, untilMs } = draft;
  const ask = (part: SynthesisPart, of: readonly ReportItem[]) => askModel(draft, part, of, { model, signal });
  const [summary, ...chapters] = await Promise.all([
    ask('summary', items),
    ...blocksOf(items).map((block) => ask('chapters', block)),
  ]);
  const check = new SynthesisCheck(draft);
  const lines = checkLines(summary.value.summary, check, report.language);
  const headings = checkHeadings(
    chapters.flatMap(({ value }) => value.chapters),
    draft,
    check,
  );
  return {
    ...report,
    kind: 'final',
    draft_reason: null,
    summary: lines.length > 0 ? lines : report.summary,
    chapters: chaptersOf(headings, items, untilMs),
    unverified: [...report.unverified, ...check.unverified],
    provenance: { ...report.provenance, synthesis: writerOf(summary) },
  };
}

/** Asks for the chapters that later sound will not change, so that they are there when {@link synthesise} needs them. */
export async function prepareSynthesis(
  draft: Draft,
  { beforeMs, ...options }: SynthesisOptions & { readonly beforeMs: number },
): Promise<void> {
  const settled = blocksOf(draft.items).filter((block) => blockOf(block[0]!) + 1 <= beforeMs / BLOCK_MS);
  await Promise.all(settled.map((block) => askModel(draft, 'chapters', block, options)));
}

/** Asks about less where the model's context, or its longest answer, is too small. */
async function askModel(
  { report }: Draft,
  part: SynthesisPart,
  items: readonly ReportItem[],
  { model, signal }: SynthesisOptions,
): Promise<ModelAnswer<SynthesisAnswer>> {
  for (let most = Math.min(MAX_ITEMS, items.length); ; most = Math.floor(most / 2)) {
    try {
      return await model.complete({
        sessionId: report.session_id,
        purpose: 'synthesise',
        system: synthesisSystem(part, report.language),
        user: synthesisItems(items, report.speakers, most),
        schemaName: 'synthesis',
        schema: synthesisAnswerSchema,
        maxTokens: MAX_TOKENS[part],
        signal,
      });
    } catch (error) {
      const fits = !(error instanceof AppError && error.code === 'payload_too_large');
      if (fits || most <= FEWEST_ITEMS) throw error;
    }
  }
}

const blockOf = (item: ReportItem) => Math.floor(item.start_ms / BLOCK_MS);

function blocksOf(items: readonly ReportItem[]): ReportItem[][] {
  return [...Map.groupBy(items, blockOf).values()];
}

const writerOf = ({ model, promptHash }: ModelAnswer<unknown>): Writer => ({
  kind: 'model',
  model,
  prompt_hash: promptHash,
});

function checkLines(
  lines: SynthesisAnswer['summary'],
  check: SynthesisCheck,
  language: Report['language'],
): Report['summary'] {
  const good: Report['summary'] = [];
  for (const line of lines) {
    const text = line.text.trim();
    const items = text === '' ? undefined : check.accept('summary', text, line.items);
    if (!items) continue;
    const said = good.findIndex(
      (other) => other.items.some((id) => items.includes(id)) && saysTheSame(other.text, text, language),
    );
    // Of a line that is there twice the longer one tells more.
    if (said < 0) good.push({ text, items });
    else if (text.length > good[said]!.text.length) good[said] = { text, items };
  }
  return good.slice(0, MAX_LINES);
}

/** Titles that hold, and topics of their own for what no title speaks of. */
function checkHeadings(chapters: SynthesisAnswer['chapters'], draft: Draft, check: SynthesisCheck): Heading[] {
  const headings = chapters.flatMap(({ title: written, items: ids }): Heading[] => {
    const title = written.trim();
    const items = title === '' ? undefined : check.accept('chapter', title, ids);
    return items ? [{ title, items }] : [];
  });
  const told = new Set(headings.flatMap(({ items }) => items));
  return [...headings, ...topicHeadings(draft.items).filter(({ items }) => !items.some((id) => told.has(id)))];
}
