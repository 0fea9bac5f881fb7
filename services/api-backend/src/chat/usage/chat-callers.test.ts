import { AppError } from '@eloquence/shared/runtime/errors';
import { createLogger } from '@eloquence/shared/runtime/logger';
import { createService } from '@eloquence/shared/runtime/service';
import { Telemetry } from '@eloquence/shared/runtime/telemetry';
import { Tenants } from '@eloquence/shared/runtime/tenants';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { requireModelKey } from '../../http/auth.ts';
import { ChatCallers } from './chat-callers.ts';
import { SessionTenants } from './session-tenants.ts';

const [internalKey, marieKey, paulKey] = ['the-key-of-our-services', 'the-key-of-marie-here', 'the-key-of-paul-there'];
const known = new Tenants(internalKey, [marieKey, paulKey]);
const [marie, paul] = [known.of(marieKey), known.of(paulKey)];
const MARIES = 'ses_aaaaaaaaaaaaaaaaaaaa';
const LOST = 'ses_bbbbbbbbbbbbbbbbbbbb';

/** A route that tells who the caller is. */
function fixture(
  load: (id: string) => Promise<string | undefined> = async (id) => (id === MARIES ? marie : undefined),
  ours = 'internal',
) {
  const telemetry = new Telemetry({ processMetrics: false });
  const app = createService({ service: 'test', logger: createLogger('test', 'silent'), telemetry, readiness: [] });
  const callers = new ChatCallers(new SessionTenants({ load }), telemetry, ours);
  const onRequest = requireModelKey({ internalKey, apiKeys: [marieKey, paulKey] });
  app.get('/', { onRequest, schema: { response: { 200: z.unknown() } } }, (request) => callers.of(request, 'talk'));
  const ask = async (key: string, session?: string) => {
    const headers = { authorization: `Bearer ${key}`, ...(session !== undefined && { 'x-session-id': session }) };
    return (await app.inject({ url: '/', headers })).json<Record<string, unknown>>();
  };
  return { ask, telemetry };
}

describe('the account a request is on', () => {
  it('is that of the key, or of the session it names', async () => {
    const { ask } = fixture();
    expect(await ask(paulKey)).toEqual({ tenant: paul, purpose: 'talk' });
    expect(await ask(internalKey)).toEqual({ tenant: 'internal', purpose: 'talk' });
    expect(await ask(marieKey, MARIES)).toEqual({ tenant: marie, sessionId: MARIES, purpose: 'talk' });
    expect(await ask(internalKey, MARIES)).toEqual({ tenant: marie, sessionId: MARIES, purpose: 'talk' });
  });

  it('of our own services without a session is on the tenant they are said to work for', async () => {
    const { ask } = fixture(undefined, 'local');
    expect(await ask(internalKey)).toEqual({ tenant: 'local', purpose: 'talk' });
    expect(await ask(internalKey, MARIES)).toMatchObject({ tenant: marie });
    expect(await ask(marieKey)).toMatchObject({ tenant: marie });
  });

  it('is never that of somebody else, and the answer does not tell whether there is such a session', async () => {
    const { ask, telemetry } = fixture();
    const foreign = await ask(paulKey, MARIES);
    expect(foreign).toMatchObject({ status: 404, code: 'not_found' });
    const unknown = await ask(paulKey, LOST);
    expect({ ...foreign, request_id: '' }).toEqual({ ...unknown, request_id: '' });
    expect(await ask(paulKey, 'nonsense')).toMatchObject({ status: 404, code: 'not_found' });
    expect(await ask(internalKey, LOST)).toMatchObject({ status: 404, code: 'not_found' });
    expect(await telemetry.registry.metrics()).toContain('eloquence_llm_refused_total{reason="session"} 4');
    expect(await ask('some-other-key', MARIES)).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it('may be left open by our own services while Postgres is away, and by nobody else', async () => {
    const { ask } = fixture(async () => {
      throw new AppError('unavailable', 'Postgres cannot be reached.');
    });
    expect(await ask(internalKey, MARIES)).toEqual({ tenant: 'internal', sessionId: MARIES, purpose: 'talk' });
    expect(await ask(marieKey, MARIES)).toMatchObject({ status: 503, code: 'unavailable' });
  });

  it('is not waited for long when Postgres is slow, and is known the next time', async () => {
    const slow = Promise.withResolvers<string | undefined>();
    const { ask } = fixture(() => slow.promise);
    expect(await ask(internalKey, MARIES)).toMatchObject({ tenant: 'internal', sessionId: MARIES });
    slow.resolve(marie);
    expect(await ask(internalKey, MARIES)).toMatchObject({ tenant: marie, sessionId: MARIES });
  });
});
