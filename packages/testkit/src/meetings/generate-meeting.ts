import type { Language, SessionId, UtteranceId } from '@eloquence/shared/contracts/ids';
import type { Gap } from '@eloquence/shared/contracts/meeting';
import type { Utterance } from '@eloquence/shared/contracts/sessions';
import { pick, seededRandom, type Random } from '../seeded-random.ts';
import { FillerTalk } from './filler-talk.ts';
import { heardSpans } from './heard-spans.ts';
import { english } from './phrases-en.ts';
import { french } from './phrases-fr.ts';
import type { Phrases } from './phrases.ts';
import { FactPlanter, fill, taskSlots, type DraftFact } from './plant-facts.ts';
import type { Mention, Participant, PlantedFact, PlantedMeeting, Trap } from './planted-meeting.ts';
import { Schedule, type Scene } from './schedule.ts';

export interface MeetingPlan {
  readonly seed: number;
  /** Hours of meeting; 0.1 is six minutes. */
  readonly hours: number;
  readonly language: Language;
  /** 3 to 6 people; from 4 on two of them have one first name. Default: by the seed. */
  readonly speakers?: number;
  /** Length of a chunk, ms; facts lie across its multiples. Default 10 min. */
  readonly intervalMs?: number;
  /** A time in which nobody speaks, minutes. Default: by the seed, 12 to 40 in meetings of an hour and more. */
  readonly silenceMin?: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
/** How fast people speak, and how long they wait between turns: 150 words a minute all together. */
const MS_PER_WORD = 345;
const PAUSE_MS_PER_WORD = 55;

/** The same plan gives the same meeting, to the last id. */
export function generateMeeting(plan: MeetingPlan): PlantedMeeting {
  return new Generator(plan).meeting();
}

interface Said {
  readonly id: UtteranceId;
  readonly startMs: number;
}

class Generator {
  readonly #plan: MeetingPlan;
  readonly #random: Random;
  readonly #phrases: Phrases;
  readonly #participants: readonly Participant[];
  readonly #talk: FillerTalk;
  readonly #durationMs: number;
  readonly #intervalMs: number;
  readonly #startedAtMs: number;
  readonly #utterances: Utterance[] = [];
  /** Lines of scenes, by scene and number of the line. */
  readonly #said = new Map<string, Said>();
  #nowMs = 1_500;
  #last = 0;

  constructor(plan: MeetingPlan) {
    this.#plan = plan;
    this.#random = seededRandom(Math.imul(plan.seed + 1, 0x9e3779b1) ^ (plan.language === 'fr' ? 1 : 2));
    this.#phrases = plan.language === 'fr' ? french : english;
    this.#durationMs = Math.round(plan.hours * HOUR_MS);
    this.#intervalMs = plan.intervalMs ?? 10 * MINUTE_MS;
    this.#participants = this.#people(plan.speakers ?? 3 + Math.floor(this.#random() * 4));
    this.#startedAtMs = this.#date();
    const firstNames = this.#participants.map(({ firstName }) => firstName);
    this.#talk = new FillerTalk(this.#random, this.#phrases, firstNames);
  }

  meeting(): PlantedMeeting {
    const sessionId: SessionId = `ses_${this.#letters(20)}`;
    const title = pick(this.#random, this.#phrases.titles);
    const schedule = new Schedule({
      random: this.#random,
      durationMs: this.#durationMs,
      intervalMs: this.#intervalMs,
      silenceMs: this.#silenceMs(),
      hasGap: this.#durationMs >= 30 * MINUTE_MS,
    });
    const facts = new FactPlanter({
      random: this.#random,
      phrases: this.#phrases,
      participants: this.#participants,
      durationMs: this.#durationMs,
      startedAtMs: this.#startedAtMs,
      lines: schedule.lines.length,
    });
    const drafts = facts.all();
    const traps = this.#traps(facts);
    const scenes = schedule.scenes(drafts, traps.length);
    this.#act(scenes, drafts, traps, schedule);
    const gaps: Gap[] = schedule.gap
      ? [{ speaker: null, start_ms: schedule.gap.startMs, end_ms: schedule.gap.endMs, reason: 'stt_away' }]
      : [];
    return {
      seed: this.#plan.seed,
      sessionId,
      language: this.#plan.language,
      title,
      startedAtMs: this.#startedAtMs,
      endedAtMs: this.#startedAtMs + this.#durationMs,
      intervalMs: this.#intervalMs,
      participants: this.#participants,
      utterances: this.#utterances,
      spans: heardSpans(this.#participants, this.#utterances, gaps, this.#durationMs),
      gaps,
      silences: schedule.silence ? [schedule.silence] : [],
      facts: drafts.map((draft) => this.#fact(draft)),
      traps: traps.map((trap, index): Trap => {
        const said = this.#line(`trap${index}`, 0);
        return { kind: trap.kind, claim: trap.claim, words: { utteranceId: said.id, quote: trap.quote } };
      }),
    };
  }

  #letters(count: number): string {
    return Array.from({ length: count }, () => LETTERS[Math.floor(this.#random() * 32)]).join('');
  }

  #people(count: number): Participant[] {
    const { people, homonyms } = this.#phrases;
    const others = people.slice(0, count >= 4 ? count - 2 : count);
    return [...others, ...(count >= 4 ? homonyms : [])].map(([firstName, last]) => {
      const speaker = `${plain(firstName)}-${this.#letters(4)}`;
      return { speaker, identity: `${speaker}~${this.#letters(6)}`, name: `${firstName} ${last}`, firstName };
    });
  }

  /** A working morning of 2026, so that no time zone of Europe makes it another day. */
  #date(): number {
    const day = new Date(Date.UTC(2026, 0, 5 + Math.floor(this.#random() * 295), 9 + Math.floor(this.#random() * 3)));
    while (day.getUTCDay() === 0 || day.getUTCDay() === 6) day.setUTCDate(day.getUTCDate() + 1);
    return day.getTime();
  }

  #silenceMs(): number {
    const { silenceMin, hours } = this.#plan;
    if (silenceMin !== undefined) return silenceMin * MINUTE_MS;
    return hours < 1 ? 0 : Math.round(Math.min(12 + this.#random() * 28, hours * 20) * MINUTE_MS);
  }

  #traps(planter: FactPlanter): { kind: Trap['kind']; quote: string; claim: string }[] {
    const { forms } = this.#phrases;
    const rounds = Math.max(1, Math.round(this.#durationMs / HOUR_MS));
    return Array.from({ length: rounds }, (_, round) => round).flatMap((round) => {
      const turn = (list: readonly string[]) => list[round % list.length] ?? '';
      const claim = turn(forms.injectedClaims);
      const proposal = planter.trapTask();
      const negated = planter.trapTask();
      return [
        {
          kind: 'proposal' as const,
          quote: fill(turn(forms.proposed), taskSlots(proposal)),
          claim: proposal,
        },
        {
          kind: 'negated' as const,
          quote: fill(turn(forms.negated), taskSlots(negated)),
          claim: negated,
        },
        { kind: 'injection' as const, quote: fill(turn(forms.injected), { claim }), claim },
      ];
    });
  }

  /** Talks until the end, and says each scene at its time. */
  #act(
    scenes: readonly Scene[],
    drafts: readonly DraftFact[],
    traps: readonly { readonly quote: string }[],
    schedule: Schedule,
  ): void {
    for (const scene of scenes) {
      this.#talkUntil(scene.atMs, schedule, scene.exact);
      if (scene.of === 'trap') this.#sayTrap(scene.index, traps[scene.index]?.quote ?? '');
      else this.#sayFact(scene, drafts[scene.index] as DraftFact);
    }
    this.#talkUntil(this.#durationMs - 4_000, schedule, true);
  }

  /** @param exactly nothing is said over that time, and the time is that one afterwards */
  #talkUntil(untilMs: number, schedule: Schedule, exactly: boolean): void {
    while (this.#nowMs < untilMs) {
      const quiet = schedule.quietAt(this.#nowMs);
      if (quiet) {
        this.#nowMs = quiet.endMs + 700;
        continue;
      }
      const text = this.#talk.turn();
      const endMs = this.#nowMs + durationMs(text);
      const limitMs = Math.min(exactly ? untilMs - 500 : this.#durationMs - 2_000, schedule.nextQuietMs(this.#nowMs));
      if (endMs > limitMs) {
        this.#nowMs = limitMs + 500;
        continue;
      }
      this.#say(this.#somebody(), text);
    }
    if (exactly) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #somebody(): number {
    const step = 1 + Math.floor(this.#random() * (this.#participants.length - 1));
    return this.#random() < 0.25 ? this.#last : (this.#last + step) % this.#participants.length;
  }

  #say(who: number, text: string): Said {
    const startMs = Math.round(this.#nowMs);
    const endMs = Math.round(startMs + durationMs(text));
    const id: UtteranceId = `utt_${this.#letters(16)}`;
    const { speaker } = this.#participants[who] as Participant;
    this.#utterances.push({ utterance_id: id, speaker, role: 'user', text, start_ms: startMs, end_ms: endMs });
    this.#nowMs = endMs + PAUSE_MS_PER_WORD * words(text) * 2 * this.#random();
    this.#last = who;
    return { id, startMs };
  }

  #sayTrap(index: number, quote: string): void {
    this.#said.set(`trap${index}:0`, this.#say(this.#somebody(), quote));
  }

  #sayFact(scene: Scene, draft: DraftFact): void {
    const mention = scene.of === 'undone' ? draft.undone : draft.mentions[scene.mention];
    const key = sceneKey(draft.id, scene.of === 'undone' ? 'undone' : scene.mention);
    for (const [index, line] of (mention?.lines ?? []).entries()) {
      const isPadded = draft.flavour === 'across_the_line' || (!isAnswered(draft, scene) && index === 0);
      const before = isPadded && (scene.lineMs !== undefined || this.#random() < 0.5);
      const text = before ? `${this.#talk.sentence()} ${line.quote}` : line.quote;
      if (scene.lineMs !== undefined)
        this.#waitForLine(scene.lineMs, isAnswered(draft, scene) ? index : 'across', text);
      this.#said.set(`${key}:${index}`, this.#say(line.who, text));
    }
  }

  /** @param part number of the line that is asked before and answered after; `across`: said before and after */
  #waitForLine(lineMs: number, part: number | 'across', text: string): void {
    const ms = durationMs(text);
    const startMs = part === 'across' ? lineMs - ms / 2 : part === 0 ? lineMs - ms - 400 : lineMs + 600;
    this.#nowMs = Math.max(this.#nowMs, startMs);
  }

  #line(key: string, index: number): Said {
    const said = this.#said.get(`${key}:${index}`);
    if (!said) throw new Error(`${key} was not said: a fault of the generator`);
    return said;
  }

  #fact(draft: DraftFact): PlantedFact {
    const mention = (which: number | 'undone', { lines, note }: DraftFact['mentions'][number]): Mention => {
      const said = lines.map((line, index) => ({ line, said: this.#line(sceneKey(draft.id, which), index) }));
      return {
        words: said.map(({ line, said: { id } }) => ({ utteranceId: id, quote: line.quote })),
        note,
        startMs: said[0]?.said.startMs ?? 0,
      };
    };
    return {
      ...draft,
      mentions: draft.mentions.map((one, index) => mention(index, one)),
      undone: draft.undone && mention('undone', draft.undone),
    };
  }
}

const isAnswered = (draft: DraftFact, scene: Scene): boolean =>
  scene.lineMs !== undefined && draft.flavour === 'answered_across_the_line';
const sceneKey = (id: string, which: number | 'undone'): string => `${id}/${which}`;
const words = (text: string): number => text.split(' ').length;
const durationMs = (text: string): number => 250 + words(text) * MS_PER_WORD;

/** Letters of an id: no accents. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/[^a-zA-Z]/g, '')
    .toLowerCase();
