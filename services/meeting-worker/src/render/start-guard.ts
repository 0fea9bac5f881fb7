import path from 'node:path';
import { Worker } from 'node:worker_threads';

new Worker(path.join(import.meta.dirname, 'render-guard.ts'), {
  resourceLimits: { maxOldGenerationSizeMb: 16 },
}).unref();
