import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { judgeReport, type Judgement } from '@eloquence/testkit/meetings/judge-report';
import { MeetingModel, type ModelMode } from '@eloquence/testkit/meetings/meeting-model';
import { describe, expect, test, vi } from 'vitest';
import { runOffline } from '../test-support/offline-run.ts';

/** bench/meeting/gates.ts judges many more, through the whole worker. */
const SEEDS = [1, 2, 3];
const RECALL = 0.95;
// Hours of meeting in one test.
vi.setConfig({ testTimeout: 120_000 });

type Faults = Omit<Judgement, 'facts' | 'found' | 'missed'>;

interface Judged {
  readonly facts: number;
  readonly found: number;
  readonly missed: readonly string[];
  readonly faults: Faults;
  readonly holes: number;
  readonly chunks: number;
  readonly requests: number;
}

async function judged(mode: ModelMode, language: 'fr' | 'en', seed: number): Promise<Judged> {
  const meeting = generateMeeting({ seed, hours: [0.15, 1, 2][seed % 3] ?? 1, language });
  const model = new MeetingModel([meeting]);
  model.mode = mode;
  const { report, chunks } = await runOffline(meeting, model);
  const { facts, found, missed, ...faults } = judgeReport(report, meeting, { mayLeaveOut: mode !== 'honest' });
  expect(model.faults).toEqual([]);
  return {
    facts,
    found,
    missed,
    faults,
    holes: report.holes.length,
    chunks: chunks.length,
    requests: model.seen.length,
  };
}

async function overSeeds(mode: ModelMode, language: 'fr' | 'en'): Promise<Judged[]> {
  const all: Judged[] = [];
  for (const seed of SEEDS) all.push(await judged(mode, language, seed));
  return all;
}

const sum = (list: readonly Judged[], of: (one: Judged) => number): number =>
  list.reduce((total, one) => total + of(one), 0);

describe.each(['fr', 'en'] as const)('meetings in %s', (language) => {
  test('an honest model: what was planted is found, each fact once, with its owner and its day', async () => {
    const all = await overSeeds('honest', language);
    const missed = all.flatMap((one) => one.missed);
    expect(sum(all, ({ found }) => found) / sum(all, ({ facts }) => facts), missed.join('\n')).toBeGreaterThanOrEqual(
      RECALL,
    );
    for (const { faults } of all)
      expect(faults).toEqual({
        unsupported: [],
        duplicates: [],
        wrongOwners: [],
        wrongDues: [],
        brokenLinks: [],
        retractedInBody: [],
        answeredLeftOpen: [],
        gapsNotListed: [],
      });
  });

  test('an inventing model: nothing that nobody said is in the body, and no wrong owner or day', async () => {
    for (const { faults, holes } of await overSeeds('inventing', language)) {
      expect(faults).toMatchObject({
        unsupported: [],
        duplicates: [],
        wrongOwners: [],
        wrongDues: [],
        brokenLinks: [],
      });
      expect(holes).toBe(0);
    }
  });

  test('a lazy model: the report is thin or made by rules that are listed as holes, and nothing in it is untrue', async () => {
    for (const { faults } of await overSeeds('lazy', language))
      expect(faults).toMatchObject({ unsupported: [], wrongOwners: [], wrongDues: [], brokenLinks: [] });
  });

  test.each(['broken_json', 'prose', 'other_shape', 'empty', 'truncating'] as const)(
    'a model of kind %s: every chunk is a hole the report lists, and nothing in it is untrue',
    async (mode) => {
      const { faults, holes, chunks } = await judged(mode, language, 1);
      expect(holes).toBe(chunks);
      expect(faults).toMatchObject({ unsupported: [], brokenLinks: [], gapsNotListed: [] });
    },
  );
});

test('nobody is asked about intervals in which nobody speaks', async () => {
  const meeting = generateMeeting({ seed: 5, hours: 2, language: 'fr', silenceMin: 40 });
  const model = new MeetingModel([meeting]);
  await runOffline(meeting, model);
  const spoken = new Set(meeting.utterances.map(({ start_ms: start }) => Math.floor(start / meeting.intervalMs)));
  expect(spoken.size).toBeLessThanOrEqual(9);
  expect(model.seen.filter(({ of }) => of === 'chunk')).toHaveLength(spoken.size);
});
