import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { UsageError } from './command.ts';
import { listOf, numberOf, readSetOptions, type SttOptions } from './stt-options.ts';

export const ttsUsage = `usage: npm run evaluate:tts -- [options]

Lets voices of tts-proxy speak sentences and prints how soon, how fast, how loud, and how well a speech model understands them.

  --voices LIST       voices of the proxy: coach-fr, coach-homme-fr, coach-en, or OpenAI's names (default coach-fr, and
                      coach-homme-fr for the listener demo, which understands espeak-ng's men alone)
  --providers LIST    start a tts-proxy with each as TTS_PROVIDERS (default auto): auto, openai, elevenlabs, mistral,
                      rest, piper, espeak, piper:FILE.onnx; keys and voices come from the environment, as for the product
  --url URL           ask a tts-proxy that runs instead; --key KEY or INTERNAL_API_KEY is its key
  --listener MODEL    the speech model that listens (default demo); see evaluate:stt for names
  --set FOLDER|demo   whose texts are spoken (default demo). Its recordings give the listener's own word error rate,
                      below which no voice can come
  --clips N           so many sentences, taken evenly (default: all of a folder, 20 of demo)
  --language CODE     fr (default) or en
  --pause MS          between two sentences (default 0): for vendors that limit requests
  --errors            list every sentence that was understood wrong
  --json              print the result as JSON instead of a table
`;

const PROVIDERS = ['auto', 'openai', 'elevenlabs', 'mistral', 'rest', 'piper', 'espeak'];

/** A tts-proxy to start. */
interface ProviderRequest {
  /** As it was asked for. */
  readonly name: string;
  /** What its environment says beside the person's own. */
  readonly env: Readonly<Record<string, string>>;
}

export interface TtsOptions extends Pick<SttOptions, 'set' | 'clips' | 'errors' | 'json'> {
  readonly voices: readonly string[];
  readonly source:
    | { readonly kind: 'own'; readonly providers: readonly ProviderRequest[] }
    | { readonly kind: 'running'; readonly url: string; readonly key: string };
  readonly listener: string;
  readonly language: 'fr' | 'en';
  readonly pauseMs: number;
}

/**
 * @param place.internalKey used with --url when there is no --key
 * @returns undefined when help was asked for
 * @throws UsageError, or parseArgs's own error for an unknown option
 */
export function readTtsOptions(
  args: readonly string[],
  place: { readonly folder: string; readonly internalKey: string | undefined },
): TtsOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      voices: { type: 'string' },
      providers: { type: 'string', default: 'auto' },
      url: { type: 'string' },
      key: { type: 'string' },
      listener: { type: 'string', default: 'demo' },
      set: { type: 'string', default: 'demo' },
      clips: { type: 'string' },
      language: { type: 'string', default: 'fr' },
      pause: { type: 'string', default: '0' },
      errors: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { language } = values;
  if (language !== 'fr' && language !== 'en') throw new UsageError(`--language ${language}: use fr or en.`);
  const { set, clips } = readSetOptions({ set: values.set, clips: values.clips }, place.folder);
  return {
    voices: listOf(values.voices ?? (values.listener === 'demo' ? 'coach-homme-fr' : 'coach-fr'), '--voices'),
    source: readSource(values, language, place),
    listener: values.listener,
    set,
    clips,
    language,
    pauseMs: numberOf(values.pause, '--pause', z.number().int().min(0).max(60_000)),
    errors: values.errors,
    json: values.json,
  };
}

function readSource(
  { url, key, providers }: { url?: string | undefined; key?: string | undefined; providers: string },
  language: 'fr' | 'en',
  { folder, internalKey }: { readonly folder: string; readonly internalKey: string | undefined },
): TtsOptions['source'] {
  if (url === undefined) {
    const list = listOf(providers, '--providers').map((name) => readProvider(name, language, folder));
    return { kind: 'own', providers: list };
  }
  if (!z.url({ protocol: /^https?$/ }).safeParse(url).success)
    throw new UsageError(`--url ${url} is no address: give one such as http://127.0.0.1:5002.`);
  const used = key ?? internalKey;
  if (!used) throw new UsageError('--url needs the key of that tts-proxy: give --key, or set INTERNAL_API_KEY.');
  return { kind: 'running', url: url.replace(/\/+$/, ''), key: used };
}

function readProvider(name: string, language: 'fr' | 'en', folder: string): ProviderRequest {
  const [provider = '', ...path] = name.split(':');
  if (provider === 'piper' && path.length > 0) {
    const voice = resolve(folder, path.join(':'));
    return { name, env: { TTS_PROVIDERS: provider, [`PIPER_VOICE_${language.toUpperCase()}`]: voice } };
  }
  if (!PROVIDERS.includes(name))
    throw new UsageError(`--providers ${name}: use one of ${PROVIDERS.join(', ')}, piper:FILE.onnx.`);
  return { name, env: { TTS_PROVIDERS: name } };
}
