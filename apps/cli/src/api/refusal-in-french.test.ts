import { describe, expect, it } from 'vitest';
import { AppError, toProblem } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { fakeServer, sendJson } from '../test-support/fake-server.ts';
import { ApiClient } from './api-client.ts';
import { refusalInFrench } from './refusal-in-french.ts';

describe('a refusal of the server', () => {
  it('is said in French with what to do', () => {
    expect(refusalInFrench('invalid_audio', 'The file is damaged.')).toMatch(/abîmé/);
    expect(refusalInFrench('not_found', 'There is no such session. It may have been deleted.')).toMatch(/meeting list/);
    expect(refusalInFrench('not_found', 'Nobody is called so in this meeting. There are: me (Anne), them.')).toBe(
      'Personne ne s’appelle ainsi dans cette réunion. Il y a : me (Anne), them.',
    );
    expect(refusalInFrench('conflict', 'The meeting is still going on: its report is written when it ends.')).toMatch(
      /encore en cours/,
    );
  });

  it('without a French sentence keeps the server’s, which is never replaced by a wrong one', () => {
    expect(refusalInFrench('not_found', 'There is no such format.')).toBeUndefined();
    expect(refusalInFrench('conflict', 'Only meetings can be taken up again.')).toBeUndefined();
  });

  it('reaches a person in the language of the settings', async () => {
    const problem = toProblem(new AppError('invalid_audio', 'The file is damaged.'));
    await using server = await fakeServer((_request, response) => sendJson(response, 400, problem));
    const ask = (language: 'fr' | 'en') =>
      new ApiClient({ url: server.api.client.url, key: undefined, language }).json('/x', z.unknown());
    await expect(ask('fr')).rejects.toThrow(/ne peut pas être lu/);
    await expect(ask('en')).rejects.toThrow('The file is damaged.');
  });
});
