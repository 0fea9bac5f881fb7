import { inject } from 'vitest';

interface RunningStack {
  readonly urls: { readonly stt: string; readonly tts: string; readonly whisper: string };
  readonly env: Readonly<Record<string, string>>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The product that tests/e2e/stack-setup.ts has started. */
    stack: RunningStack;
  }
}

const { urls, env } = inject('stack');

/** Base URL of the running gateway, as a client is given it, without a slash at the end. */
export const sttUrl = urls.stt;
/** The same of tts-proxy. */
export const ttsUrl = urls.tts;
export const whisperUrl = urls.whisper;
/** A key the gateway takes. */
export const key = env['INTERNAL_API_KEY'] ?? '';
