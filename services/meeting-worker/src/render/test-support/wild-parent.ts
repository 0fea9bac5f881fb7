import { fork } from 'node:child_process';
import path from 'node:path';

/** Asks a child for something it never answers, and says which process it is. */
const child = fork(path.join(import.meta.dirname, 'wild-child.ts'), { serialization: 'advanced' });
child.send({ report: { title: 'hangs' } }, () => process.send?.(child.pid));
