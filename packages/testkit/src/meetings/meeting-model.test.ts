import { chunkAnswerSchema, synthesisAnswerSchema, type ChunkAnswer } from '@eloquence/shared/contracts/meeting-llm';
import { expect, test } from 'vitest';
import type { ChatBody } from '../vendors/chat-answer.ts';
import { hasKeys } from './fact-words.ts';
import { generateMeeting } from './generate-meeting.ts';
import { MeetingModel } from './meeting-model.ts';
import { ModelServer } from './model-server.ts';
import type { PlantedMeeting } from './planted-meeting.ts';

const meeting = generateMeeting({ seed: 21, hours: 1, language: 'fr', speakers: 5 });

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

/** A request as contracts/meeting-llm.ts lays it out. */
function chunkBody(from: PlantedMeeting, n: number, openItems: readonly string[] = []): ChatBody {
  const names = new Map(from.participants.map(({ speaker, name }) => [speaker, name]));
  const inside = from.utterances.filter(({ start_ms: start }) => Math.floor(start / from.intervalMs) === n);
  const lines = inside.map((one, at) => `[${at + 1}] ${clock(one.start_ms)} ${names.get(one.speaker)}: ${one.text}`);
  const content = `<open_items>\n${openItems.join('\n')}\n</open_items>\n<transcript>\n${lines.join('\n')}\n</transcript>`;
  return { model: 'summarise', messages: [{ role: 'user', content }] };
}

const textOf = (model: MeetingModel, body: ChatBody): string => model.chat(body).words.join('');

function ask(model: MeetingModel, n: number, openItems: readonly string[] = []): ChunkAnswer {
  return chunkAnswerSchema.parse(JSON.parse(textOf(model, chunkBody(meeting, n, openItems))));
}

/** Those in which somebody speaks. */
const CHUNKS = [...new Set(meeting.utterances.map(({ start_ms: start }) => Math.floor(start / meeting.intervalMs)))];

test('an honest model notes every fact that is shown whole, with quotes out of the segments it names', () => {
  const model = new MeetingModel([meeting]);
  const found = CHUNKS.map((n) => ask(model, n));
  for (const fact of meeting.facts.filter(({ flavour }) => flavour !== 'answered_across_the_line')) {
    const list = found.flatMap((notes) =>
      fact.kind === 'decision' ? notes.decisions : fact.kind === 'action' ? notes.actions : notes.questions,
    );
    expect(
      list.some(({ text }) => hasKeys(text, fact.keys)),
      `${fact.id} ${fact.statement}`,
    ).toBe(true);
  }
  for (const [index, notes] of found.entries()) {
    const n = CHUNKS[index];
    const inside = meeting.utterances.filter(({ start_ms: start }) => Math.floor(start / meeting.intervalMs) === n);
    const claims = [...notes.decisions, ...notes.actions, ...notes.questions, ...notes.topics, ...notes.retractions];
    for (const { evidence } of claims)
      for (const { segment, quote } of evidence) expect(inside[segment - 1]?.text).toContain(quote);
  }
  expect(model.faults).toEqual([]);
});

test('a task asked for before the end of a chunk and taken on after it is noted with the open item in hand', () => {
  const model = new MeetingModel([meeting]);
  const fact = meeting.facts.find(({ flavour }) => flavour === 'answered_across_the_line');
  const n = Math.floor((fact?.mentions[0]?.startMs ?? 0) / meeting.intervalMs);
  const asked = ask(model, n).questions.find(({ text }) => hasKeys(text, fact?.keys ?? ['?']));
  expect(asked).toBeDefined();
  const after = ask(model, n + 1, [`[c${n}-q1] question: ${asked?.text}`]);
  expect(after.actions.some(({ text }) => hasKeys(text, fact?.keys ?? ['?']))).toBe(true);
  expect(after.retractions).toContainEqual(expect.objectContaining({ takes_back: `c${n}-q1`, settles: true }));
});

test('a model that knows several meetings takes no line for one of another, although the same was said then', () => {
  const twin = (sessionId: string): PlantedMeeting => {
    const utterances = meeting.utterances.map((one) => {
      const isShort = one.text.length < 40;
      const text = isShort ? one.text : `${one.text} ${sessionId}`;
      return {
        ...one,
        utterance_id: `${one.utterance_id}-${sessionId}`,
        text,
        start_ms: Math.floor(one.start_ms / 1000) * 1000,
      };
    });
    return { ...meeting, sessionId, utterances, facts: [] };
  };
  const several = new MeetingModel([twin('one'), meeting, twin('two')]);
  for (const n of CHUNKS) expect(ask(several, n)).toEqual(ask(new MeetingModel([meeting]), n));
});

test('a name is found as a whole word only', () => {
  expect(hasKeys('Chase Quartz about the invoice', ['invoice', 'Quartz'])).toBe(true);
  expect(hasKeys('Gather the invoices of the quarter', ['invoice', 'Quartz'])).toBe(false);
});

test('an inventing model mixes in what nobody said, and obeys the transcript', () => {
  const model = new MeetingModel([meeting]);
  model.mode = 'inventing';
  const decisions = CHUNKS.flatMap((n) => ask(model, n).decisions.map(({ text }) => text));
  expect(decisions).toContain('Licencier toute l’équipe de Strasbourg');
  const claims = meeting.traps.map(({ claim }) => claim.charAt(0).toUpperCase() + claim.slice(1));
  for (const claim of claims) expect(decisions).toContain(claim);
  expect(model.faults).toEqual([]);
});

test('a lazy model gives nothing that has evidence; the same request gives the same answer and is counted', () => {
  const model = new MeetingModel([meeting]);
  model.mode = 'lazy';
  for (const n of CHUNKS)
    for (const list of Object.values(ask(model, n)).flat())
      expect((list as { readonly evidence?: readonly unknown[] }).evidence ?? []).toEqual([]);
  expect(model.repeated()).toBe(0);
  expect(textOf(model, chunkBody(meeting, 0))).toBe(textOf(model, chunkBody(meeting, 0)));
  expect(model.repeated()).toBe(2);
});

function isNotes(text: string): boolean {
  try {
    return chunkAnswerSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

test('broken modes give no answer of the schema, and truncated ones say so', () => {
  const model = new MeetingModel([meeting]);
  for (const mode of ['truncating', 'broken_json', 'prose', 'empty', 'other_shape'] as const) {
    model.mode = mode;
    const answer = model.chat(chunkBody(meeting, 0));
    expect(isNotes(answer.words.join('')), mode).toBe(false);
    expect(answer.finish).toBe(mode === 'truncating' ? 'length' : 'stop');
  }
});

test('a report names the items it is given, five lines at most', () => {
  const model = new MeetingModel([meeting]);
  const items = ['[c0-t1] 00:01:00 topic: La cantine', '[c0-d1] 00:02:00 decision: Signer avec Altéa'];
  const body = { messages: [{ role: 'user', content: `<items>\n${items.join('\n')}\n</items>` }] };
  const report = synthesisAnswerSchema.parse(JSON.parse(textOf(model, body)));
  expect(report.summary[0]).toEqual({ text: 'Signer avec Altéa', items: ['c0-d1'] });
  const first = { ...body.messages[0], role: 'system', content: 'Your part is "chapters": six titles.' };
  const part = textOf(model, { messages: [first, ...body.messages] });
  expect(synthesisAnswerSchema.parse(JSON.parse(part)).summary).toEqual([]);
  expect(model.chat({ ...body, max_tokens: 5 } as ChatBody).finish).toBe('length');
  expect(report.chapters).toEqual([{ title: 'La cantine', items: ['c0-t1', 'c0-d1'] }]);
});

test('its own server answers as the proxy does: whole, streamed, at its pace, or with a problem', async () => {
  const model = new MeetingModel([meeting]);
  await using server = await new ModelServer(model, 'key').listen();
  const post = (extra: object, key = 'key') =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...chunkBody(meeting, 0), ...extra }),
    });
  const whole = (await (await post({})).json()) as { choices: { message: { content: string } }[] };
  expect(JSON.parse(whole.choices[0]?.message.content ?? '')).toEqual(ask(model, 0));
  expect(await (await post({ stream: true })).text()).toContain('[DONE]');
  expect((await post({}, 'wrong')).status).toBe(401);
  server.mode = { type: 'rate_limited', retryAfterS: 2 };
  const limited = await post({});
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
  server.mode = { type: 'ok' };
  model.tokensPerSecond = 2_000;
  const startMs = performance.now();
  await (await post({})).json();
  const tokens = Math.ceil((whole.choices[0]?.message.content.length ?? 0) / 4);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual((tokens / 2_000) * 1000 - 5);
  expect(server.faults).toEqual([]);
});
