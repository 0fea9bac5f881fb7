import type { UtteranceId } from '@eloquence/shared/contracts/ids';
import type { ActionItem, Evidence } from '@eloquence/shared/contracts/meeting';
import type { Report, ReportItem } from '@eloquence/shared/contracts/report';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { hasKeys, isNegative, saidIn, simple } from './fact-words.ts';
import type { PlantedFact, PlantedMeeting, TrueOwner } from './planted-meeting.ts';

/** What is wrong with a report, each as a sentence for people; empty lists: nothing. */
export interface Judgement {
  /** Facts that stand at the end of the meeting, and how many of them the report has. */
  readonly facts: number;
  readonly found: number;
  readonly missed: readonly string[];
  /** Items, summary lines and chapter titles that say what nobody said. */
  readonly unsupported: readonly string[];
  readonly duplicates: readonly string[];
  readonly wrongOwners: readonly string[];
  readonly wrongDues: readonly string[];
  /** Links to words that are not there. */
  readonly brokenLinks: readonly string[];
  /** Taken back, and still in the body. */
  readonly retractedInBody: readonly string[];
  /** Answered, and still open; questions somebody took on as a task among them. */
  readonly answeredLeftOpen: readonly string[];
  /** Gaps of the recording that the report does not list. */
  readonly gapsNotListed: readonly string[];
}

export interface JudgeOptions {
  /** A missing owner or day is no fault, nor half a name: better none than a wrong one. */
  readonly mayLeaveOut?: boolean;
}

/** Words a minute may add of its own. */
const OF_MINUTES = new Set(
  'decision decide decided action tache task question agreed accord valide validee retenu retenue lancement repousse arret fournisseur supplier launch moved'.split(
    ' ',
  ),
);
const SMALL = new Set(
  (
    'avec sans pour dans chez vers plus moins cette cela celui celle comme mais donc leur leurs notre votre elle nous vous avant apres sera sont etre faire aussi ' +
    'with from that this they them their will have been into about before after should would could'
  ).split(' '),
);

/** Holds a report against the truth of its meeting. */
export function judgeReport(report: Report, meeting: PlantedMeeting, options: JudgeOptions = {}): Judgement {
  return new Judge(report, meeting, options).judgement();
}

class Judge {
  readonly #report: Report;
  readonly #meeting: PlantedMeeting;
  readonly #mayLeaveOut: boolean;
  readonly #utterances: ReadonlyMap<UtteranceId, Utterance>;
  readonly #body: readonly ReportItem[];

  constructor(report: Report, meeting: PlantedMeeting, { mayLeaveOut = false }: JudgeOptions) {
    this.#report = report;
    this.#meeting = meeting;
    this.#mayLeaveOut = mayLeaveOut;
    this.#utterances = new Map(meeting.utterances.map((utterance) => [utterance.utterance_id, utterance]));
    this.#body = [...report.decisions, ...report.actions, ...report.questions];
  }

  judgement(): Judgement {
    const matched = this.#body.map((item) => ({ item, fact: this.#factOf(item) }));
    const itemsOf = (fact: PlantedFact) => matched.filter((one) => one.fact === fact).map(({ item }) => item);
    const { facts } = this.#meeting;
    const standing = facts.filter(({ undone }) => !undone);
    const missed = standing.filter((fact) => itemsOf(fact).length === 0);
    const unsupported = matched
      .filter(({ item, fact }) => !fact && !this.#isLiteral(item))
      .map(({ item }) => shown(item));
    return {
      facts: standing.length,
      found: standing.length - missed.length,
      missed: missed.map(({ id, kind, flavour, statement }) => `${id} ${kind} (${flavour}): ${statement}`),
      unsupported: [...unsupported, ...this.#lines()],
      duplicates: facts
        .filter((fact) => itemsOf(fact).length > 1)
        .map(
          (fact) =>
            `${fact.id}: ${itemsOf(fact)
              .map(({ text }) => text)
              .join(' = ')}`,
        ),
      wrongOwners: this.#wrong(matched, (fact, item) => this.#ownerFault(fact, item)),
      wrongDues: this.#wrong(matched, (fact, item) => this.#dueFault(fact, item)),
      brokenLinks: this.#links().flatMap((link) => this.#linkFault(link) ?? []),
      retractedInBody: matched.flatMap(({ item, fact }) =>
        fact?.undone && fact.kind !== 'question' ? [`${fact.id}: ${shown(item)}`] : [],
      ),
      answeredLeftOpen: matched.flatMap(({ item, fact }) =>
        (fact?.undone && fact.kind === 'question') || (!fact && this.#isTakenOn(item)) ? [shown(item)] : [],
      ),
      gapsNotListed: this.#gapsNotListed(),
    };
  }

  /** The fact an item tells, rightly and without additions. */
  #factOf(item: ReportItem): PlantedFact | undefined {
    return this.#meeting.facts.find((fact) => {
      if (fact.kind !== item.kind || !hasKeys(item.text, fact.keys)) return false;
      const mentions = [...fact.mentions, ...(fact.undone ? [fact.undone] : [])];
      const ids = new Set(mentions.flatMap(({ words }) => words.map(({ utteranceId }) => utteranceId)));
      if (!item.evidence.some(({ utterance_id: id }) => ids.has(id))) return false;
      if (isNegative(item.text) !== isNegative(fact.statement)) return false;
      const truth = [
        fact.statement,
        ...mentions.flatMap(({ note, words }) => [note, ...words.map(({ quote }) => quote)]),
        ...item.evidence.map(({ utterance_id: id }) => this.#utterances.get(id)?.text ?? ''),
        ...this.#meeting.participants.map(({ name }) => name),
      ].join(' ');
      return strangersIn(item.text, truth).length === 0;
    });
  }

  /** Said word for word, and not one of the traps. */
  #isLiteral(item: ReportItem): boolean {
    const traps = new Set(this.#meeting.traps.map(({ words }) => words.utteranceId));
    return item.evidence.some(({ utterance_id: id }) => {
      const text = this.#utterances.get(id)?.text ?? '';
      return !traps.has(id) && saidIn(item.text, text) && isNegative(item.text) === isNegative(text);
    });
  }

  /** "Who can do it?" of a task that somebody has taken on. */
  #isTakenOn(item: ReportItem): boolean {
    const asked = this.#meeting.facts.flatMap(({ mentions }) =>
      mentions.flatMap(({ words }) => (words.length > 1 && words[0] ? [words[0].utteranceId] : [])),
    );
    return item.kind === 'question' && item.evidence.some(({ utterance_id: id }) => asked.includes(id));
  }

  #wrong(
    matched: readonly { readonly item: ReportItem; readonly fact: PlantedFact | undefined }[],
    faultOf: (fact: PlantedFact, item: ActionItem) => string | undefined,
  ): string[] {
    return matched.flatMap(({ item, fact }) => {
      const fault = fact && item.kind === 'action' ? faultOf(fact, item) : undefined;
      return fault === undefined ? [] : [`${fact?.id} ${shown(item)}: ${fault}`];
    });
  }

  #ownerFault({ owner: truth }: PlantedFact, { owner }: ActionItem): string | undefined {
    const is = JSON.stringify(owner);
    if (!owner)
      return truth === null || truth.kind === 'ambiguous' || this.#mayLeaveOut
        ? undefined
        : `nobody, not ${named(truth)}`;
    if (!truth) return `${is}, but nobody was named`;
    if (truth.kind === 'speaker') {
      const isVague = owner.kind === 'name' && simple(truth.said).includes(simple(owner.name)) && this.#mayLeaveOut;
      const right = isVague || (owner.kind === 'speaker' && owner.speaker === truth.speaker);
      return right ? undefined : `${is}, not ${named(truth)}`;
    }
    const right = owner.kind === 'name' && simple(named(truth)).includes(simple(owner.name));
    return right ? undefined : `${is}, not ${named(truth)}`;
  }

  #dueFault({ due: truth }: PlantedFact, { due }: ActionItem): string | undefined {
    const is = JSON.stringify(due);
    if (!due) return truth === null || this.#mayLeaveOut ? undefined : `no day, not ${truth.text}`;
    if (!truth) return `${is}, but no day was said`;
    const isSaid = saidIn(truth.text, due.text) || saidIn(due.text, truth.text);
    const isRight = due.date === null ? truth.dates.length > 1 || this.#mayLeaveOut : truth.dates.includes(due.date);
    return isSaid && isRight ? undefined : `${is}, not ${truth.text} = ${truth.dates.join(' or ')}`;
  }

  #links(): Evidence[] {
    const { retracted, quotes } = this.#report;
    const items = [...this.#body, ...retracted.map(({ item }) => item)];
    return [...items.flatMap(({ evidence }) => evidence), ...retracted.map(({ by }) => by), ...quotes];
  }

  #linkFault({ utterance_id: id, speaker, quote, start_ms: start, end_ms: end }: Evidence): string | undefined {
    const said = this.#utterances.get(id);
    if (!said) return `${id}: there is no such utterance`;
    const isThere = said.text.includes(quote) && said.speaker === speaker;
    return isThere && start >= said.start_ms && end <= said.end_ms ? undefined : `${id}: "${quote}" is not there`;
  }

  /** Summary lines and titles that what they rest on does not say. */
  #lines(): string[] {
    const { summary, chapters, retracted } = this.#report;
    const said = this.#meeting.utterances.map(({ text }) => text).join(' ');
    const byId = new Map([...this.#body, ...retracted.map(({ item }) => item)].map((item) => [item.item_id, item]));
    const lines = summary.flatMap(({ text, items }) => {
      const named = items.flatMap((id) => byId.get(id) ?? []);
      const isSaid = named.length > 0 ? this.#isOf(named, text) : strangersIn(text, said).length === 0;
      return isSaid ? [] : [`summary: ${text}`];
    });
    const titles = chapters.flatMap(({ title }) => (strangersIn(title, said).length > 0 ? [`chapter: ${title}`] : []));
    return [...lines, ...titles];
  }

  /** Whether a line says nothing but its items: no word of its own, no "not" more or less, no two made one, no question answered. */
  #isOf(items: readonly ReportItem[], text: string): boolean {
    const people = this.#meeting.participants.map(({ name }) => name).join(' ');
    const quoted = items.map((item) => [item.text, ...item.evidence.map(({ quote }) => quote)]);
    const grounds = quoted.map((words, index) => `${words.join(' ')} ${detail(items[index])} ${people}`);
    const parts = text.split(/[,;:.?!](?!\d)|\b(?:et|mais|and|but)\b/);
    return (
      parts.every((part) => grounds.some((ground) => strangersIn(part, ground).length === 0)) &&
      quoted.flat().some((words) => isNegative(words) === isNegative(text)) &&
      items.every((item) => item.kind !== 'question' || text.includes('?') || item.text === text)
    );
  }

  #gapsNotListed(): string[] {
    const { gaps } = this.#report.coverage;
    return this.#meeting.gaps.flatMap((gap) =>
      gaps.some((one) => one.start_ms === gap.start_ms && one.end_ms === gap.end_ms && one.reason === gap.reason)
        ? []
        : [`${gap.reason} ${gap.start_ms} to ${gap.end_ms}`],
    );
  }
}

const shown = ({ kind, text }: ReportItem): string => `${kind}: ${text}`;
const named = (owner: TrueOwner): string => (owner.kind === 'speaker' ? owner.said : owner.name);
const detail = (item: ReportItem | undefined): string =>
  item?.kind === 'action' ? `${item.due?.text ?? ''} ${item.owner?.kind === 'name' ? item.owner.name : ''}` : '';

/** Words that say something, and figures, that the ground does not have. */
function strangersIn(text: string, ground: string): string[] {
  const known = new Set(wordsOf(ground).map(stem));
  return wordsOf(text).filter(
    (word) =>
      (word.length > 3 || /\d/.test(word)) && !SMALL.has(word) && !OF_MINUTES.has(word) && !known.has(stem(word)),
  );
}

const wordsOf = (text: string): string[] => simple(text).split(/[^a-z0-9]+/);
const stem = (word: string): string => (/\d/.test(word) ? word : word.slice(0, 5));
