import type { ChatMessage } from '@eloquence/shared/contracts/chat';
import type { Language } from '@eloquence/shared/contracts/ids';
import { guessLanguage } from '@eloquence/shared/runtime/guess-language';
import { english } from './english.ts';
import { fold } from './fold.ts';
import { french } from './french.ts';
import type { Repertoire, Topic } from './rule.ts';

const repertoires: Record<Language, Repertoire> = { fr: french, en: english };

/** What the coach says next. Pure: the same conversation always gets the same answer. */
export function coachAnswer(messages: readonly ChatMessage[]): string {
  const said = messages.filter((message) => message.role === 'user').map((message) => textOf(message));
  const heard = said.map((text) => fold(text)).filter(Boolean);
  const repertoire = repertoires[languageOf(messages, said)];
  const last = heard.at(-1);
  if (last === undefined) return repertoire.greeting;
  // The turn number, so that the same words do not get the same answer twice running.
  const turn = heard.length - 1;
  const ruleFor = (text: string) => repertoire.rules.find(({ hears }) => hears.test(text));
  const rule = ruleFor(last);
  // The best answer comes first, the others when the same is asked again.
  if (rule) return pick(rule.answers, heard.filter((text) => ruleFor(text) === rule).length - 1);
  const fillers = repertoire.fillers.filter((filler) => ` ${last} `.includes(` ${filler} `));
  if (fillers.length > 0) return pick(repertoire.onFillers, turn).replace('{fillers}', quoted(fillers, repertoire));
  if (!last.split(' ').some((word) => repertoire.frequentWords.has(word))) return pick(repertoire.notUnderstood, turn);
  const topic = topicOf(heard, repertoire);
  return pick(topic ? repertoire.onTopic[topic] : repertoire.otherwise, turn);
}

/** A `Language: fr|en` line of the instructions, else what the words look like. */
function languageOf(messages: readonly ChatMessage[], said: readonly string[]): Language {
  const instructions = messages.filter((message) => message.role === 'system' || message.role === 'developer');
  for (const message of instructions.toReversed()) {
    const named = /^[ \t]*Language:[ \t]*(fr|en)\b/im.exec(textOf(message))?.[1];
    if (named) return named.toLowerCase() as Language;
  }
  return guessLanguage(said.slice(-3).join(' '));
}

function topicOf(heard: readonly string[], { rules }: Repertoire): Topic | undefined {
  for (const text of heard.toReversed()) {
    const topic = rules.find((rule) => rule.topic && rule.hears.test(text))?.topic;
    if (topic) return topic;
  }
  return undefined;
}

function quoted(fillers: readonly string[], repertoire: Repertoire): string {
  const [open, close, and] = repertoire === french ? ['« ', ' »', ' et '] : ['“', '”', ' and '];
  return fillers
    .slice(0, 2)
    .map((filler) => open + filler + close)
    .join(and);
}

function pick(answers: readonly string[], turn: number): string {
  return answers[turn % answers.length] as string;
}

function textOf({ content }: ChatMessage): string {
  if (content == null) return '';
  return typeof content === 'string' ? content : content.map((part) => part.text).join(' ');
}
