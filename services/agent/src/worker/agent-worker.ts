import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { SessionId } from '@eloquence/shared/contracts/ids';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { AgentServer, initializeLogger, ServerOptions } from '@livekit/agents';
import type { AgentConfig } from '../config.ts';
import { sessionIdOf } from '../call/session-facts.ts';
import { freePort } from './free-port.ts';
import type { RunningJob } from './lost-jobs.ts';

/** A cold child imports some 140 MB of modules; on a small busy host that takes half a minute. */
const INITIALIZE_TIMEOUT_MS = 60_000;
/** Memory at which a job is ended, MB: far above any real call, it stops a leak before it takes the host. */
const JOB_MEMORY_LIMIT_MB = 2_000;

/**
 * Calls at once. LiveKit's rule is 10 to 25 per 4 cores. The library's own measure, the CPU of the whole host, refuses the only
 * call of a small machine because something else is busy for a second.
 */
const MAX_JOBS = availableParallelism() * 5;

/**
 * Processes that wait for a call, so that two callers at once are both greeted at once. Measured on 2 cores that did other work
 * too (load 3 to 6), from joining to the first sound: alone 0.8 to 1.1 s; two at once 0.8 to 2.6 s each, with one warm process
 * the second 3.3 s; the third of three, who waits for a cold one, 2.9 to 5.6 s. A warm process takes 105 MB (PSS; 170 MB RSS).
 */
const WARM_CHILDREN = Math.min(4, Math.max(2, availableParallelism()));

export interface AgentWorkerOptions {
  readonly config: AgentConfig;
  readonly logger: Logger;
  /** The library has given up on LiveKit, or its engine died: the process should exit and be started again. */
  readonly onFailed: (error: unknown) => void;
}

/** The agents-js worker: registers with LiveKit, gets jobs, runs each in a child process of its own. */
export class AgentWorker {
  readonly #server: AgentServer;
  readonly #healthUrl: string;
  readonly #logger: Logger;
  readonly #onFailed: (error: unknown) => void;
  #closing = false;
  #warm = false;

  private constructor(options: AgentWorkerOptions, healthPort: number) {
    const { config, logger } = options;
    this.#logger = logger;
    this.#onFailed = options.onFailed;
    this.#healthUrl = `http://127.0.0.1:${healthPort}/`;
    // The worker hears nothing that is said; children lower their own level further.
    initializeLogger({ pretty: false, level: config.logLevel === 'silent' ? 'silent' : 'warn' });
    this.#server = new AgentServer(
      new ServerOptions({
        agent: fileURLToPath(new URL('../job.ts', import.meta.url)),
        agentName: config.agentName,
        wsURL: config.livekit.url,
        apiKey: config.livekit.apiKey,
        apiSecret: config.livekit.apiSecret,
        numIdleProcesses: WARM_CHILDREN,
        loadFunc: async (server) => server.activeJobs.length / MAX_JOBS,
        loadThreshold: 1,
        // The load is told every 2.5 s only; a burst in between is refused here, and LiveKit asks the next worker.
        requestFunc: async (request) =>
          this.#server.activeJobs.length < MAX_JOBS ? request.accept() : request.reject(),
        initializeProcessTimeout: INITIALIZE_TIMEOUT_MS,
        jobMemoryLimitMB: JOB_MEMORY_LIMIT_MB,
        production: true,
        host: '127.0.0.1',
        port: healthPort,
        logLevel: 'warn',
      }),
    );
    this.#server.event.on('worker_registered', (workerId: string) => {
      this.#logger.info({ worker_id: workerId, agent_name: config.agentName }, 'registered with LiveKit');
    });
  }

  static async create(options: AgentWorkerOptions): Promise<AgentWorker> {
    return new AgentWorker(options, await freePort());
  }

  /** Connects and goes on in the background. */
  start(): void {
    this.#server.run().then(
      () => !this.#closing && this.#onFailed(new Error('the worker stopped')),
      (error: unknown) => !this.#closing && this.#onFailed(error),
    );
  }

  /** Calls running now. */
  get jobs(): RunningJob[] {
    return this.#server.activeJobs.flatMap(({ acceptArguments: { identity }, job: { id: jobId, metadata } }) => {
      const sessionId = readSessionId(metadata);
      return sessionId ? [{ jobId, identity, sessionId }] : [];
    });
  }

  /** A first child is ready. From then on there is one, or one is on its way because of a call. */
  childIsWarm(): void {
    this.#warm = true;
  }

  /** Rejects while LiveKit would not give this worker a job, or the job would wait for its process. */
  async checkServing(signal: AbortSignal): Promise<void> {
    if (!this.#warm) throw new Error('the first job process is still starting');
    const response = await fetch(this.#healthUrl, { signal }).catch(() => undefined);
    if (!response?.ok) throw new Error('not connected to LiveKit');
    await response.body?.cancel();
  }

  /** Takes no more jobs and waits at most `timeoutMs` for those that run. @returns whether all ended by themselves */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#closing = true;
    try {
      await this.#server.drain(timeoutMs);
      return true;
    } catch (error) {
      this.#logger.warn({ err: error, jobs: this.jobs.length }, 'calls are cut off to stop in time');
      return false;
    }
  }

  /** Ends every child and leaves LiveKit. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#server.close();
  }
}

function readSessionId(metadata: string): SessionId | undefined {
  try {
    return sessionIdOf(metadata);
  } catch {
    return undefined;
  }
}
