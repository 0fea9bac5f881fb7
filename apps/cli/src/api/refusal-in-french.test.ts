import { describe, expect, it } from 'vitest';
import { errorCodeSchema } from '@eloquence/shared/contracts/errors';
import { AppError, toProblem } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { fakeServer, sendJson } from '../test-support/fake-server.ts';
import { ApiClient } from './api-client.ts';
import { MeetingApi } from './meeting-api.ts';
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

  it('is French whatever the code, and keeps the particulars the server gave', () => {
    for (const code of errorCodeSchema.options)
      expect(refusalInFrench(code, 'Some particulars.'), code).toMatch(/^[A-ZÀ-Ý«][^(]*[a-zé]/);
    expect(refusalInFrench('conflict', 'The meeting has not started.')).toBe(
      'Ce n’est pas possible en ce moment. (The meeting has not started.)',
    );
    expect(refusalInFrench('not_found', 'There is no such format. Use one of md, pdf.')).toMatch(
      /n’existe pas.*md, pdf/,
    );
    expect(refusalInFrench('internal', 'Something failed.')).not.toContain('Something');
  });

  it('reaches a person in the language of the settings', async () => {
    const problem = toProblem(new AppError('invalid_audio', 'The file is damaged.'));
    await using server = await fakeServer((_request, response) => sendJson(response, 400, problem));
    const ask = (language: 'fr' | 'en') =>
      new ApiClient({ url: server.api.client.url, key: undefined, language }).json('/x', z.unknown());
    await expect(ask('fr')).rejects.toThrow(/ne peut pas être lu/);
    await expect(ask('en')).rejects.toThrow('The file is damaged.');
  });

  it('is French also when it comes in the middle of an upload', async () => {
    const problem = toProblem(new AppError('unavailable', 'stt-gateway broke off.'));
    await using server = await fakeServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`event: error\ndata: ${JSON.stringify(problem)}\n\n`);
    });
    const client = new ApiClient({ url: server.api.client.url, key: undefined, language: 'fr' });
    const recording = { body: 'x', contentType: 'audio/flac', speaker: 'marie.me', startMs: 0, name: 'Marie' };
    const reading = new MeetingApi(client).upload('ses_x', recording).next();
    await expect(reading).rejects.toThrow(
      'Une partie du serveur n’est pas disponible. Réessayez dans un instant. (stt-gateway broke off.)',
    );
  });
});
