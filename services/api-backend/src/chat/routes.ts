import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Service } from '@eloquence/shared/runtime/service';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { FastifyRequest } from 'fastify';
import type { ChatService } from './chat-service.ts';
import type { ChatSettings } from './settings.ts';

export interface ChatRouteDeps {
  readonly settings: ChatSettings;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** `onRequest` hook that rejects with `unauthorized`. */
  readonly authorize: (request: FastifyRequest) => Promise<void>;
}

/**
 * `POST /v1/chat/completions` and `GET /v1/models` on OpenAI's wire. Looks for Ollama when the server becomes ready and
 * lets go of everything when it closes.
 *
 * @returns the service behind the routes; its `engine()` is what `/ready` reports
 */
export function registerChatRoutes(_app: Service, _deps: ChatRouteDeps): ChatService {
  throw new Error('under construction: only the signature is final');
}
