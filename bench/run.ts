import { join } from 'node:path';

const FOLDERS = {
  'stt-gateway': ['latency', 'overload', 'hearing', 'noise', 'fuzz', 'files'],
  tts: ['overhead', 'cache', 'abort', 'failover', 'first-sound', 'loudness'],
  llm: ['latency', 'failover', 'open-streams'],
  meeting: ['report', 'memory', 'kills', 'gates'],
};
const BENCHES = Object.entries(FOLDERS).flatMap(([folder, names]) => names.map((name) => `${folder}/${name}`));

/** `npm run bench -- stt-gateway/latency [options]` runs bench/stt-gateway/latency.ts. */
const name = process.argv[2] ?? '';
if (BENCHES.includes(name)) await import(join(import.meta.dirname, `${name}.ts`));
else {
  process.stderr.write(`Name a bench, for instance npm run bench -- ${BENCHES[0]}:\n  ${BENCHES.join('\n  ')}\n`);
  process.exitCode = 2;
}
