import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `npm run bench -- stt-gateway/latency [options]` runs bench/stt-gateway/latency.ts. */
const name = process.argv[2] ?? '';
const path = join(import.meta.dirname, `${name}.ts`);
if (/^[a-z-]+\/[a-z-]+$/.test(name) && existsSync(path)) await import(path);
else {
  process.stderr.write('Name a bench by its path under bench/, for instance: npm run bench -- stt-gateway/latency\n');
  process.exitCode = 2;
}
