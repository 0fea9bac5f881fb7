import { joinRequestSchema } from '@eloquence/shared/contracts/meeting-api';
import { reportStatusSchema, type ReportStatus } from '@eloquence/shared/contracts/report';
import {
  createSessionResponseSchema,
  endSessionResponseSchema,
  sessionTokenResponseSchema,
  transcriptSchema,
  type Utterance,
} from '@eloquence/shared/contracts/sessions';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { Caller, type Spoken } from '@eloquence/testkit/caller';
import { EventCollector } from '@eloquence/testkit/event-collector';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { waitFor } from '@eloquence/testkit/wait-for';
import { wordErrorRate } from '@eloquence/testkit/word-error-rate';
import { expect, inject, test } from 'vitest';
import type * as z from 'zod';

const stack = inject('stack');

/** Three people and what they say, in turn; the demo recogniser knows these sentences. */
const SCRIPT = [
  ['Claire', 'bonjour à tous on peut commencer'],
  ['Lucas', 'nous avons décidé de reporter la livraison'],
  ['Karim', 'il y a un problème avec le serveur'],
  ['Claire', 'Thomas prépare le budget pour lundi prochain'],
  ['Lucas', "je m'occupe de la présentation"],
  ['Karim', "qui peut s'occuper de la facture"],
  ['Claire', 'la prochaine réunion est jeudi matin'],
  ['Lucas', 'merci à tous et à bientôt'],
] as const;
type Name = (typeof SCRIPT)[number][0];
const NAMES: readonly Name[] = ['Claire', 'Lucas', 'Karim'];

/** Level 1: what was said is durable at most so long after it was said. */
const DURABLE_MS = 10_000;

const api = <S extends z.ZodType>(schema: S, method: 'GET' | 'POST', path: string, body?: unknown) =>
  requestJson({
    url: `${stack.urls.api}${path}`,
    peer: 'api-backend',
    schema,
    method,
    timeoutMs: 20_000,
    ...(body !== undefined && { body }),
  });

test('three people meet in a room, and the minutes say who said what, how much was heard, and where', async () => {
  const session = await api(createSessionResponseSchema, 'POST', '/api/sessions', {
    user_id: 'claire',
    scenario_id: 'meeting',
    language: 'fr',
    name: 'Point projet',
    consent: { recording: true, by: 'Claire', told: 'Lucas et Karim, de vive voix' },
  });
  const path = `/api/sessions/${session.session_id}`;
  await using events = new EventCollector(new URL(session.events_url, stack.urls.api).href);
  await using stackOfCallers = new AsyncDisposableStack();
  const callers = new Map<Name, Caller>();
  for (const name of NAMES) {
    const join = joinRequestSchema.parse({ name });
    const grant = await api(sessionTokenResponseSchema, 'POST', `${path}/token`, join);
    const caller = await Caller.join({ livekitUrl: grant.livekit_url, token: grant.livekit_token });
    callers.set(name, stackOfCallers.use(caller));
  }
  await waitFor(() => events.events.filter(({ type }) => type === 'participant.joined').length >= 4, {
    what: 'three people and the scribe',
    timeoutMs: 30_000,
  });

  const endedAtMs: number[] = [];
  for (const [name, sentence] of SCRIPT) {
    const caller = callers.get(name);
    if (!caller) throw new Error(`${name} is not there`);
    const spoken: Spoken = await caller.speak(await synthesize(sentence));
    endedAtMs.push(caller.toWallMs(spoken.toMs));
    await waitFor(() => events.events.filter(({ type }) => type === 'utterance.final').length >= endedAtMs.length, {
      what: `the text of "${sentence}"`,
      timeoutMs: 20_000,
    });
  }
  expect(
    callers
      .get('Claire')
      ?.heard.toPcm()
      .some((sample) => Math.abs(sample) > 300),
  ).toBe(true);
  await api(endSessionResponseSchema, 'POST', `${path}/end`);
  await events.waitFor('report.ready', 30_000);

  const { utterances } = await api(transcriptSchema, 'GET', `${path}/transcript`);
  const status = await settled(`${path}/report`);
  checkTranscript(utterances, status, endedAtMs, events);
  checkReport(status);
  for (const format of status.formats) {
    const file = await fetch(`${stack.urls.api}${path}/report.${format}`);
    expect(file.status, format).toBe(200);
    expect((await file.arrayBuffer()).byteLength, format).toBeGreaterThan(200);
  }
});

/** The report once nothing more is being written. */
async function settled(path: string): Promise<ReportStatus> {
  return waitFor(
    async () => {
      const status = await api(reportStatusSchema, 'GET', path);
      const rendered = status.formats.length > 0 && ['done', 'partial'].includes(status.state);
      return rendered && status;
    },
    { what: 'the report', timeoutMs: 60_000, intervalMs: 250 },
  );
}

function checkTranscript(
  utterances: readonly Utterance[],
  { report }: ReportStatus,
  endedAtMs: readonly number[],
  { events }: EventCollector,
): void {
  const nameOf = new Map(report?.speakers.map(({ speaker, name }) => [speaker, name]));
  expect(utterances.map(({ speaker }) => nameOf.get(speaker))).toEqual(SCRIPT.map(([name]) => name));
  const reference = SCRIPT.map(([, sentence]) => sentence).join(' ');
  const errors = wordErrorRate(reference, utterances.map(({ text }) => text).join(' '));
  const finals = events.filter((event) => event.type === 'utterance.final');
  const behindMs = finals.map(({ at }, index) => Date.parse(at) - (endedAtMs[index] ?? 0));
  process.stdout.write(
    `\n--- meeting room ---\nword errors ${errors.errors} of ${errors.referenceWords}; text behind speech, ms: ${behindMs.map(Math.round).join(', ')}\n`,
  );
  expect(errors.rate).toBeLessThanOrEqual(0.05);
  for (const ms of behindMs) expect(ms).toBeLessThanOrEqual(DURABLE_MS);
}

/** Nobody writes for a model here: rules found the items, and the report says so. */
function checkReport({ state, report }: ReportStatus): void {
  expect(state).toBe('partial');
  expect(report).toMatchObject({
    kind: 'draft',
    draft_reason: 'no_model',
    title: 'Point projet',
    coverage: { percent: 100, gaps: [] },
    consent: { recording: true, by: 'Claire', told: 'Lucas et Karim, de vive voix' },
  });
  expect(report?.speakers.map(({ name }) => name).toSorted()).toEqual([...NAMES].toSorted());
  for (const { talk_ms } of report?.speakers ?? []) expect(talk_ms).toBeGreaterThan(1_000);
  const said = report?.transcript?.map(({ text }) => text.toLowerCase()).join(' ') ?? '';
  const items = [...(report?.decisions ?? []), ...(report?.actions ?? []), ...(report?.questions ?? [])];
  expect(report?.decisions.map(({ text }) => text).join(' ')).toMatch(/livraison/i);
  expect(report?.actions.map(({ text }) => text).join(' ')).toMatch(/présentation/i);
  for (const { evidence } of items) for (const { quote } of evidence) expect(said).toContain(quote.toLowerCase());
}
