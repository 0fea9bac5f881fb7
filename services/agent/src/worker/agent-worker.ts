import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@eloquence/shared/runtime/logger';
import { AgentServer, initializeLogger, ServerOptions } from '@livekit/agents';
import type { AgentConfig } from '../config.ts';
import { freePort } from './free-port.ts';

/** A cold child imports some 140 MB of modules; on a small busy host that takes half a minute. */
const INITIALIZE_TIMEOUT_MS = 60_000;
/** Memory at which a job is ended, MB: far above any real call, it stops a leak before it takes the host. */
const JOB_MEMORY_LIMIT_MB = 2_000;

/**
 * Calls at once. LiveKit's rule is 10 to 25 per 4 cores. The library's own measure, the CPU of the whole host, refuses the only
 * call of a small machine because something else is busy for a second.
 */
const MAX_JOBS = availableParallelism() * 5;

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
        numIdleProcesses: 1,
        loadFunc: async (server) => server.activeJobs.length / MAX_JOBS,
        loadThreshold: 1,
        // The load is told every 2.5 s only; a burst in between is refused here, and LiveKit asks the next worker.
        requestFunc: async (request) => (this.activeJobs < MAX_JOBS ? request.accept() : request.reject()),
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
  get activeJobs(): number {
    return this.#server.activeJobs.length;
  }

  /** Rejects while LiveKit would not give this worker a job. */
  async checkRegistered(signal: AbortSignal): Promise<void> {
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
      this.#logger.warn({ err: error, jobs: this.activeJobs }, 'calls are cut off to stop in time');
      return false;
    }
  }

  /** Ends every child and leaves LiveKit. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#server.close();
  }
}
