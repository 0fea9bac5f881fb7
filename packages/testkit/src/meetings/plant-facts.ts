import { pick, type Random } from '../seeded-random.ts';
import { duePhrases } from './due-phrases.ts';
import type { DuePhrase, Frame, Phrases, QuestionFrame } from './phrases.ts';
import type { Flavour, Participant, PlantedFact, TrueDue, TrueOwner } from './planted-meeting.ts';

/** Somebody (index of a participant) says a sentence; only `quote` of it is the fact. */
export interface DraftLine {
  readonly who: number;
  readonly quote: string;
}

export interface DraftMention {
  readonly lines: readonly DraftLine[];
  readonly note: string;
}

/** A fact with the words that say it, before anybody has said them. */
export interface DraftFact extends Omit<PlantedFact, 'mentions' | 'undone'> {
  readonly mentions: readonly DraftMention[];
  readonly undone: DraftMention | null;
}

export interface PlantOptions {
  readonly random: Random;
  readonly phrases: Phrases;
  readonly participants: readonly Participant[];
  readonly durationMs: number;
  readonly startedAtMs: number;
  /** How many facts may lie across the end of a chunk. */
  readonly lines: number;
}

type Slots = Readonly<Record<string, string>>;

const HOUR_MS = 3_600_000;
const DECISIONS: readonly Flavour[] = [
  'plain',
  'retracted',
  'three_times',
  'other_words',
  'across_the_line',
  'plain',
  'retracted_at_once',
];
const ACTIONS: readonly Flavour[] = [
  'plain',
  'answered_across_the_line',
  'plain',
  'three_times',
  'plain',
  'across_the_line',
  'retracted',
  'plain',
];
const QUESTIONS: readonly Flavour[] = ['plain', 'settled', 'plain', 'three_times', 'settled'];
const OWNERS = ['you_named', 'i', 'named', 'you', 'outsider', 'i', 'ambiguous', 'you_named', 'nobody'] as const;
type OwnerForm = (typeof OWNERS)[number];

/** Fills slots in; an empty one takes the space before it along. */
export const fill = (form: string, slots: Slots): string =>
  form
    .replaceAll(/ ?\{(\w+)\}/g, (whole, name: string) => {
      const value = slots[name];
      if (value === undefined) return whole;
      return value !== '' && whole.startsWith(' ') ? ` ${value}` : value;
    })
    .trim();

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** An infinitive as forms want it: French elides `de` before a vowel. */
export const taskSlots = (task: string): Slots => ({
  task,
  of_task: /^[aeéiouyh]/i.test(task) ? `d'${task}` : `de ${task}`,
});

/** Draws the facts of a meeting; the same random numbers give the same facts. */
export class FactPlanter {
  readonly #options: PlantOptions;
  readonly #used = new Set<string>();
  readonly #dues: readonly DuePhrase[];
  #linesLeft: number;
  #count = 0;

  constructor(options: PlantOptions) {
    this.#options = options;
    this.#linesLeft = options.lines;
    this.#dues = duePhrases(options.startedAtMs, options.phrases.months);
  }

  all(): DraftFact[] {
    const { durationMs } = this.#options;
    const hours = durationMs / HOUR_MS;
    const list = (count: number, flavours: readonly Flavour[]) =>
      Array.from({ length: count }, (_, index) => this.#flavour(flavours[index % flavours.length] ?? 'plain'));
    return [
      ...list(Math.round(5 * hours) + 1, DECISIONS).map((flavour) => this.#decision(flavour)),
      ...list(Math.round(7 * hours) + 2, ACTIONS).map((flavour, index) =>
        this.#action(flavour, OWNERS[index % OWNERS.length] ?? 'i'),
      ),
      ...list(Math.round(3 * hours) + 1, QUESTIONS).map((flavour) => this.#question(flavour)),
    ];
  }

  /** A task nobody takes on and nobody has decided. */
  trapTask(): string {
    return this.#frame(this.#options.phrases.decisions).task;
  }

  /** Facts across a line need a line; in a short meeting nothing is said three times. */
  #flavour(flavour: Flavour): Flavour {
    if (!flavour.endsWith('across_the_line')) return flavour;
    this.#linesLeft -= 1;
    return this.#linesLeft < 0 ? 'plain' : flavour;
  }

  #slots(): Slots {
    const { random, phrases } = this.#options;
    const day = 2 + Math.floor(random() * 26);
    const month = pick(random, phrases.months);
    const isFrench = phrases.months[0] === 'janvier';
    return {
      name: pick(random, phrases.names),
      city: pick(random, phrases.cities),
      count: pick(random, phrases.counts),
      amount: `${2 + Math.floor(random() * 80)} ${pick(random, ['000', '500'])}`,
      percent: String(pick(random, [5, 10, 15, 20, 30])),
      version: `${1 + Math.floor(random() * 8)}.${Math.floor(random() * 10)}`,
      date: isFrench ? `${day} ${month}` : `${month} ${day}`,
      number: String(3 + Math.floor(random() * 90)),
    };
  }

  /** A frame with its slots filled, so that its keys are no other fact's. */
  #draw<T extends { readonly keys: readonly string[] }>(frames: readonly T[]): { frame: T; slots: Slots } {
    for (;;) {
      const frame = pick(this.#options.random, frames);
      const slots = this.#slots();
      // Numbers do not tell two facts apart for a listener: each product has one budget.
      const name = frame.keys
        .filter((key) => !key.startsWith('{') || key === '{name}' || key === '{city}')
        .map((key) => fill(key, slots))
        .join(' ');
      if (this.#used.has(name)) continue;
      this.#used.add(name);
      return { frame, slots };
    }
  }

  #frame(frames: readonly Frame[]): Frame {
    const { frame, slots } = this.#draw(frames);
    const { task, again, note, keys } = frame;
    return {
      task: fill(task, slots),
      ...(again !== undefined && { again: fill(again, slots) }),
      ...(note !== undefined && { note: fill(note, slots) }),
      keys: keys.map((key) => fill(key, slots)),
    };
  }

  #anybody(): number {
    return Math.floor(this.#options.random() * this.#options.participants.length);
  }

  #somebodyElse(than: number): number {
    const { participants, random } = this.#options;
    return (than + 1 + Math.floor(random() * (participants.length - 1))) % participants.length;
  }

  #say(forms: readonly string[], slots: Slots, who: number): DraftLine {
    return { who, quote: fill(pick(this.#options.random, forms), slots) };
  }

  #base(kind: PlantedFact['kind'], flavour: Flavour, statement: string, keys: readonly string[]) {
    this.#count += 1;
    return { id: `f${this.#count}`, kind, flavour, statement, keys };
  }

  #undone(flavour: Flavour, task: string): DraftMention | null {
    if (!flavour.startsWith('retracted')) return null;
    const { forms } = this.#options.phrases;
    return {
      lines: [this.#say(forms.takenBack, taskSlots(task), this.#anybody())],
      note: fill(forms.takenBackNote, taskSlots(task)),
    };
  }

  #decision(flavour: Flavour): DraftFact {
    const { forms, decisions } = this.#options.phrases;
    const frames = flavour === 'other_words' ? decisions.filter(({ again }) => again !== undefined) : decisions;
    const { task, again, note, keys } = this.#frame(frames);
    const once = (): DraftMention => ({
      lines: [this.#say(forms.decided, taskSlots(task), this.#anybody())],
      note: capital(task),
    });
    const mentions = [once()];
    if (flavour === 'three_times') mentions.push(once(), once());
    if (flavour === 'other_words' && again !== undefined && note !== undefined)
      mentions.push({ lines: [{ who: this.#anybody(), quote: again }], note });
    const undone = this.#undone(flavour, task);
    return { ...this.#base('decision', flavour, capital(task), keys), mentions, owner: null, due: null, undone };
  }

  #action(flavour: Flavour, form: OwnerForm): DraftFact {
    const { random, phrases } = this.#options;
    const { task, keys } = this.#frame(phrases.actions);
    const due = random() < 0.6 ? pick(random, this.#dues) : undefined;
    const trueDue: TrueDue | null = due ? { text: due.text, dates: due.dates } : null;
    const slots = { ...taskSlots(task), due: due?.said ?? '' };
    const common = { ...this.#base('action', flavour, capital(task), keys), due: trueDue };
    if (flavour === 'answered_across_the_line') {
      const { lines, owner } = this.#whoAndMe(slots);
      return { ...common, mentions: [{ lines, note: capital(task) }], owner, undone: null };
    }
    const first = this.#actionSaid(form, slots);
    const mentions = [{ lines: first.lines, note: capital(task) }];
    if (flavour === 'three_times')
      for (let again = 0; again < 2; again += 1)
        mentions.push({ lines: this.#actionSaid(form, slots, first.by).lines, note: capital(task) });
    return { ...common, mentions, owner: first.owner, undone: this.#undone(flavour, task) };
  }

  #whoAndMe(slots: Slots): { lines: DraftLine[]; owner: TrueOwner } {
    const { forms } = this.#options.phrases;
    const who = this.#anybody();
    const lines = [this.#say(forms.who, slots, this.#somebodyElse(who)), this.#say(forms.me, slots, who)];
    return { lines, owner: this.#speaker(who) };
  }

  #speaker(index: number): TrueOwner {
    const { speaker, name } = this.#options.participants[index] as Participant;
    return { kind: 'speaker', speaker, said: name };
  }

  /** @param by the same owner as before, said again */
  #actionSaid(form: OwnerForm, slots: Slots, by?: number): { lines: DraftLine[]; owner: TrueOwner | null; by: number } {
    const { phrases, participants, random } = this.#options;
    const { forms } = phrases;
    const who = by ?? this.#anybody();
    const other = this.#somebodyElse(who);
    const { name, firstName } = participants[who] as Participant;
    const named = { ...slots, owner: name, first: firstName };
    switch (form) {
      case 'named':
        return { lines: [this.#say(forms.ownerNamed, named, other)], owner: this.#speaker(who), by: who };
      case 'i':
        return { lines: [this.#say(forms.ownerI, slots, who)], owner: this.#speaker(who), by: who };
      case 'you_named':
      case 'you': {
        const asked = form === 'you' ? forms.ownerYou : forms.ownerYouNamed;
        const lines = [this.#say(asked, named, other), this.#say(forms.yes, slots, who)];
        return { lines, owner: this.#speaker(who), by: who };
      }
      case 'outsider': {
        const outsider = phrases.outsiders[who % phrases.outsiders.length] ?? '';
        const lines = [this.#say(forms.ownerNamed, { ...slots, owner: outsider }, other)];
        return {
          lines: lines.map((line) => ({ ...line, quote: capital(line.quote) })),
          owner: { kind: 'name', name: outsider },
          by: who,
        };
      }
      case 'ambiguous': {
        const twin = participants.findIndex(
          (one, at) => participants.findIndex((two) => two.firstName === one.firstName) < at,
        );
        if (twin < 0) return this.#actionSaid('named', slots, by);
        const { firstName: shared } = participants[twin] as Participant;
        const speakers = participants.flatMap((one, at) => (one.firstName === shared ? [] : [at]));
        const line = this.#say(forms.ownerNamed, { ...slots, owner: shared }, pick(random, speakers));
        return { lines: [line], owner: { kind: 'ambiguous', name: shared }, by: twin };
      }
      case 'nobody':
        return { lines: [this.#say(forms.nobody, slots, who)], owner: null, by: who };
    }
  }

  #question(flavour: Flavour): DraftFact {
    const { phrases } = this.#options;
    const { frame, slots } = this.#draw<QuestionFrame>(phrases.questions);
    const ask = fill(frame.ask, slots);
    const once = (): DraftMention => ({ lines: [{ who: this.#anybody(), quote: ask }], note: ask });
    const answer = fill(frame.answer, slots);
    return {
      ...this.#base(
        'question',
        flavour,
        ask,
        frame.keys.map((key) => fill(key, slots)),
      ),
      mentions: flavour === 'three_times' ? [once(), once(), once()] : [once()],
      owner: null,
      due: null,
      undone: flavour === 'settled' ? { lines: [{ who: this.#anybody(), quote: answer }], note: answer } : null,
    };
  }
}
