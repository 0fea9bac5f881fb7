import { join } from 'node:path';

const BENCHES = ['latency', 'overload', 'hearing', 'noise', 'fuzz', 'files'].map((name) => `stt-gateway/${name}`);

/** `npm run bench -- stt-gateway/latency [options]` runs bench/stt-gateway/latency.ts. */
const name = process.argv[2] ?? '';
if (BENCHES.includes(name)) await import(join(import.meta.dirname, `${name}.ts`));
else {
  process.stderr.write(`Name a bench, for instance npm run bench -- ${BENCHES[0]}:\n  ${BENCHES.join('\n  ')}\n`);
  process.exitCode = 2;
}
