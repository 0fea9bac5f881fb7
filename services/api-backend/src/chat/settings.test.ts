import { ConfigError, parseEnv } from '@eloquence/shared/runtime/config';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { chatEnv, chatSettings } from './settings.ts';

const read = (env: Record<string, string>) => chatSettings(parseEnv(z.object(chatEnv), env));

const rest = (url: string) => read({ LLM_REST_URL: url, LLM_REST_MODEL: 'm' }).rest?.baseUrl;

describe('the settings of the LLM proxy', () => {
  it('make no provider out of nothing but the addresses', () => {
    const settings = read({ OPENAI_BASE_URL: 'https://proxy.example/v1' });
    for (const name of ['mistral', 'openai', 'anthropic', 'groq', 'rest']) expect(settings).not.toHaveProperty(name);
  });

  it.each([
    ['mistral', 'MISTRAL_API_KEY'],
    ['openai', 'OPENAI_API_KEY'],
    ['anthropic', 'ANTHROPIC_API_KEY'],
    ['groq', 'GROQ_API_KEY'],
    ['groq', 'GROQ_MODEL'],
    ['rest', 'LLM_REST_URL'],
    ['rest', 'LLM_REST_MODEL'],
  ])('refuse %s by name without %s', (provider, missing) => {
    const all = {
      MISTRAL_API_KEY: 'k',
      OPENAI_API_KEY: 'k',
      ANTHROPIC_API_KEY: 'k',
      GROQ_API_KEY: 'k',
      GROQ_MODEL: 'm',
      LLM_REST_URL: 'http://gpu:8000',
      LLM_REST_MODEL: 'm',
    };
    expect(read({ ...all, LLM_PROVIDER: provider }).provider).toBe(provider);
    expect(() => read({ ...all, LLM_PROVIDER: provider, [missing]: '' })).toThrow(new RegExp(`${missing}: `));
  });

  it('refuse an address that is none', () => {
    for (const name of ['ANTHROPIC_BASE_URL', 'GROQ_BASE_URL', 'LLM_REST_URL', 'MISTRAL_BASE_URL', 'OPENAI_BASE_URL'])
      for (const url of ['gpu:8000', 'ftp://gpu', 'ws://gpu', 'nonsense'])
        expect(() => read({ [name]: url, LLM_REST_MODEL: 'm' }), `${name}=${url}`).toThrow(ConfigError);
  });

  it('take the address of a server of one’s own with and without /v1, and want its model', () => {
    expect(rest('http://gpu:8000')).toBe('http://gpu:8000/v1');
    expect(rest('http://gpu:8000/v1/')).toBe('http://gpu:8000/v1');
    expect(() => read({ LLM_REST_URL: 'http://gpu:8000' })).toThrow(/LLM_REST_MODEL/);
  });
});
