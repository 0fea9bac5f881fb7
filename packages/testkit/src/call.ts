/**
 * A scripted call against a running stack: `node packages/testkit/src/call.ts --turns 10 --out call.wav`. Ends with code 1 when
 * something a complete call must have is missing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { faultsOf, renderReport, transcriptErrors } from './call-report.ts';
import { apiKey, stateDir } from './config.ts';
import { coachingScript, demoSentences } from './sentences.ts';

const stackSchema = z.looseObject({ urls: z.looseObject({ api: z.string() }) });

const usage = `usage: node packages/testkit/src/call.ts [options]
  --turns N          sentences to say (default 10)
  --out FILE         stereo WAV of the call: caller left, agent right
  --api URL          api-backend (default: of the stack that "npm start" runs)
  --key KEY          API key, where the stack asks for one
  --scenario ID      default coaching_vocal
  --interrupt N      interrupt the answer of turn N after one second
  --max-wer PERCENT  fail when more of the words are wrong
  --json             print the result as JSON instead of a table
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      turns: { type: 'string', default: '10' },
      out: { type: 'string' },
      api: { type: 'string' },
      key: { type: 'string' },
      scenario: { type: 'string', default: 'coaching_vocal' },
      interrupt: { type: 'string' },
      'max-wer': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

/** @throws Error naming the fix when no stack runs */
function runningApi(): string {
  const path = join(stateDir, 'stack.json');
  try {
    return stackSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).urls.api;
  } catch (error) {
    throw new Error(`No running stack is written in ${path}. Start one with "npm start", or name it with --api URL.`, {
      cause: error,
    });
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const turns = z.coerce.number().int().min(1).max(500).parse(options.turns);
  const interrupted = z.coerce.number().int().optional().parse(options.interrupt);
  const maxPercent = z.coerce.number().optional().parse(options['max-wer']);
  const pool = [...coachingScript, ...demoSentences];
  const script = Array.from({ length: turns }, (_, index) => ({
    sentence: pool[index % pool.length] ?? '',
    ...(index + 1 === interrupted && { interruptAnswerAfterMs: 1_000 }),
  }));
  const key = options.key ?? apiKey;
  // rtc-node writes its debug log to stdout unless this is set before it is loaded.
  process.env['NODE_ENV'] ??= 'production';
  const { runConversation } = await import('./conversation.ts');
  const result = await runConversation({
    apiUrl: (options.api ?? runningApi()).replace(/\/+$/, ''),
    script,
    session: { scenario_id: options.scenario },
    onTurn: (sentence) => process.stderr.write(`> ${sentence}\n`),
    ...(key && { key }),
    ...(options.out && { wavPath: options.out }),
  });
  const turnsAsJson = result.turns.map(({ answerPcm, ...turn }) => ({ ...turn, answerSamples: answerPcm.length }));
  const json = { ...result, session: result.session.session_id, turns: turnsAsJson, faults: faultsOf(result) };
  process.stdout.write(options.json ? `${JSON.stringify(json, null, 2)}\n` : renderReport(result));
  if (maxPercent !== undefined && transcriptErrors(result).rate * 100 > maxPercent) return 1;
  return faultsOf(result).length > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  },
);
