import { modelListSchema } from '@eloquence/shared/contracts/chat';
import { voiceListSchema } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import type { Service } from '@eloquence/shared/runtime/service';
import * as z from 'zod';
import { voiceList } from '../voices/resolve-voice.ts';
import type { WireOptions } from './routes.ts';

/** OpenAI's model names: clients insist on one. Which model really speaks is a setting, so all mean the same. */
const MODEL_ALIASES = ['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'];

/** `GET /v1/audio/voices`, `GET /v1/models`, `GET /v1/models/:id`. */
export function catalogueRoutes(app: Service, { callers, voices, lenders, engine }: WireOptions): void {
  const onRequest = callers.require;
  const list = voiceList(voices, lenders);
  app.get('/v1/audio/voices', { onRequest, schema: { response: { 200: voiceListSchema } } }, () => list);
  const models = () => {
    const speaking = engine();
    const ids = new Set([...MODEL_ALIASES, ...(speaking ? [speaking.id] : [])]);
    return [...ids].map((id) => ({ id, object: 'model' as const, created: 0, owned_by: 'eloquence' }));
  };
  app.get('/v1/models', { onRequest, schema: { response: { 200: modelListSchema } } }, () => ({
    object: 'list' as const,
    data: models(),
  }));
  const schema = { params: z.object({ id: z.string() }), response: { 200: modelListSchema.shape.data.element } };
  app.get('/v1/models/:id', { onRequest, schema }, ({ params }) => {
    const model = models().find(({ id }) => id === params.id);
    if (model) return model;
    throw new AppError('unknown_model', 'There is no such model. GET /v1/models lists them.');
  });
}
