import { acceptedSchema } from '@eloquence/shared/contracts/dispatch';
import { requestJson } from '@eloquence/shared/runtime/http-client';
import { retry, type RetryPolicy } from '@eloquence/shared/runtime/retry';
import { requireKey, type Service } from '@eloquence/shared/runtime/service';
import type { AgentConfig } from '../config.ts';

const PATH = '/internal/warm';
const policy: RetryPolicy = { attempts: 5, firstDelayMs: 100, factor: 2, maxDelayMs: 1_000, jitter: 0 };

/** `POST /internal/warm`: a job child has loaded everything and waits for a call. */
export function registerWarmChildren(app: Service, internalApiKey: string, onWarm: () => void): void {
  app.post(
    PATH,
    { onRequest: requireKey([internalApiKey]), schema: { response: { 200: acceptedSchema }, hide: true } },
    () => {
      onWarm();
      return { status: 'ok' as const };
    },
  );
}

/** Tells the worker so; the library does not say when a child is ready. */
export async function reportWarm({ workerUrl, internalApiKey: key }: AgentConfig): Promise<void> {
  const request = {
    url: `${workerUrl}${PATH}`,
    peer: 'the worker',
    schema: acceptedSchema,
    method: 'POST',
    key,
  } as const;
  await retry(() => requestJson(request), { policy });
}
