import { parseArgs } from 'node:util';
import { generateMeeting } from '@eloquence/testkit/meetings/generate-meeting';
import { openMeeting, say, settledReport } from '@eloquence/testkit/meetings/hold-meeting';
import { judgeReport, type Judgement } from '@eloquence/testkit/meetings/judge-report';
import { toEvents } from '@eloquence/testkit/meetings/meeting-events';
import type { ModelMode } from '@eloquence/testkit/meetings/meeting-model';
import { MeetingStage } from '@eloquence/testkit/meetings/meeting-stage';
import { textTable } from '@eloquence/testkit/text-table';
import { show } from '../figures.ts';

/**
 * Reports of planted meetings through the whole worker, held against the truth: what was missed, what nobody said, what stands twice,
 * whose task it is, links, what was taken back. One row per kind of model and language; `--show` prints every fault.
 */
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    seeds: { type: 'string', default: '10' },
    from: { type: 'string', default: '0' },
    hours: { type: 'string', default: '1' },
    modes: { type: 'string', default: 'honest,inventing,lazy' },
    languages: { type: 'string', default: 'fr,en' },
    show: { type: 'boolean', default: false },
  },
});
const LISTS = [
  'unsupported',
  'duplicates',
  'wrongOwners',
  'wrongDues',
  'brokenLinks',
  'retractedInBody',
  'answeredLeftOpen',
  'gapsNotListed',
] as const satisfies readonly (keyof Judgement)[];
const SETTLED_MS = 120_000;

async function row(mode: ModelMode, language: 'fr' | 'en'): Promise<string[]> {
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.from) + index);
  const meetings = seeds.map((seed) => generateMeeting({ seed, hours: Number(values.hours), language }));
  await using stage = await MeetingStage.start(meetings);
  stage.model.mode = mode;
  await stage.startWorker();
  const judged: Judgement[] = [];
  let holes = 0;
  for (const meeting of meetings) {
    const id = await openMeeting(stage.pool, meeting);
    await say(stage.log, id, toEvents(meeting));
    const { report } = await settledReport(stage.pool, id, SETTLED_MS);
    const judgement = judgeReport(report, meeting, { mayLeaveOut: mode !== 'honest' });
    judged.push(judgement);
    holes += report.holes.length;
    if (values.show)
      for (const list of ['missed', ...LISTS] as const)
        for (const fault of judgement[list])
          process.stdout.write(`${mode} ${language} seed ${meeting.seed} ${list}: ${fault}\n`);
  }
  const sum = (of: (one: Judgement) => number) => judged.reduce((total, one) => total + of(one), 0);
  const facts = sum((one) => one.facts);
  const figures = [meetings.length, facts, show(sum((one) => one.found) / facts, 3)].map(String);
  const faults = LISTS.map((list) => String(sum((one) => one[list].length)));
  return [
    mode,
    language,
    ...figures,
    ...faults,
    String(holes),
    String(stage.model.repeated()),
    String(stage.model.faults.length),
  ];
}

const rows: string[][] = [];
for (const mode of values.modes.split(','))
  for (const language of values.languages.split(',')) rows.push(await row(mode as ModelMode, language as 'fr' | 'en'));
const names = [
  'unsupported',
  'twice',
  'owner',
  'due',
  'links',
  'taken back',
  'left open',
  'gaps',
  'holes',
  'asked twice',
  'faults',
];
process.stdout.write(`${textTable([['model', '', 'meetings', 'facts', 'recall', ...names], ...rows]).join('\n')}\n`);
process.stdout.write('Goals: recall >= 0.95 (honest), unsupported 0, twice 0, owner and due exact, links 0, gaps 0.\n');
process.exit(0);
