import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../hearing/worker-messages.ts';

/** A hearing worker that never answers a window, and dies of one that holds sound. */
const port = parentPort;
port?.on('message', (message: ToWorker) => {
  if (message.type === 'windows' && message.windows.some((sample) => sample !== 0)) throw new Error('as told');
  if (message.type === 'stop') port?.close();
});
port?.postMessage({ type: 'ready' } satisfies FromWorker);
