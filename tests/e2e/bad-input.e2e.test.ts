import { AccessToken } from 'livekit-server-sdk';
import { problemSchema } from '@eloquence/shared/contracts/errors';
import { Caller } from '@eloquence/testkit/caller';
import { runConversation } from '@eloquence/testkit/conversation';
import { synthesize } from '@eloquence/testkit/speech-synthesis';
import { waitFor } from '@eloquence/testkit/wait-for';
import { WebSocket } from 'ws';
import { describe, expect, inject, test } from 'vitest';

const stack = inject('stack');
const { api, stt, tts, whisper } = stack.urls;
const key = stack.env['INTERNAL_API_KEY'] ?? '';
/** What rtc-node says when the server answers the join with a 4xx. */
const REFUSED = /signal failure: client error/;
const valid = { user_id: 'anna', scenario_id: 'coaching_vocal', language: 'fr' };

async function post(url: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: await response.json(),
  };
}

describe('the API', () => {
  test.each([
    ['an unknown scenario', JSON.stringify({ ...valid, scenario_id: 'karaoke' }), 422, 'unknown_scenario'],
    ['a number as user', JSON.stringify({ ...valid, user_id: 7 }), 400, 'invalid_request'],
    ['a member it does not know', JSON.stringify({ ...valid, scenaro: 'x' }), 400, 'invalid_request'],
    ['a language nobody speaks', JSON.stringify({ ...valid, language: 'tlh' }), 400, 'invalid_request'],
    ['half a JSON', '{"user_id": "an', 400, 'invalid_request'],
    ['nothing', '', 400, 'invalid_request'],
    ['a body of 5 MB', JSON.stringify({ ...valid, name: 'x'.repeat(5_000_000) }), 413, 'payload_too_large'],
  ])('refuses %s with a problem body', async (_, body, status, code) => {
    const answer = await post(`${api}/api/sessions`, body);
    expect(answer.type).toContain('application/problem+json');
    expect(problemSchema.parse(answer.body)).toMatchObject({ status, code, retryable: false });
  });

  test.each([
    ['GET', '/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa'],
    ['GET', '/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa/events'],
    ['GET', '/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa/transcript'],
    ['POST', '/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa/token'],
    ['POST', '/api/sessions/ses_aaaaaaaaaaaaaaaaaaaa/end'],
    ['GET', '/api/nothing/here'],
  ])('answers 404 to %s %s', async (method, path) => {
    const response = await fetch(`${api}${path}`, { method });
    expect(problemSchema.parse(await response.json())).toMatchObject({ status: 404, code: 'not_found' });
  });

  test.each([
    ['of one letter', 'x'],
    ['with SQL in it', "1' or '1'='1"],
    ['with a path in it', '..%2f..%2fetc%2fpasswd'],
    ['of 2,000 characters', 'ses_'.repeat(500)],
  ])('refuses a session id %s', async (_, id) => {
    const response = await fetch(`${api}/api/sessions/${id}`);
    expect([400, 404, 414]).toContain(response.status);
    expect(problemSchema.parse(await response.json()).fault).toBe('caller');
  });
});

describe('LiveKit', () => {
  const grant = { roomJoin: true, canPublish: true, canSubscribe: true };
  const token = (options: { room: string; ttl: number; secret?: string }) => {
    const access = new AccessToken(stack.env['LIVEKIT_API_KEY'], options.secret ?? stack.env['LIVEKIT_API_SECRET'], {
      identity: 'user-test',
      ttl: options.ttl,
    });
    access.addGrant({ ...grant, room: options.room });
    return access.toJwt();
  };

  test('does not let anybody in with a token that has expired', async () => {
    const expired = await token({ room: 'any', ttl: -600 });
    await expect(Caller.join({ livekitUrl: stack.urls.livekit, token: expired })).rejects.toThrow(REFUSED);
  });

  test('does not let anybody in with a token somebody else signed', async () => {
    const forged = await token({ room: 'any', ttl: 600, secret: 'x'.repeat(40) });
    await expect(Caller.join({ livekitUrl: stack.urls.livekit, token: forged })).rejects.toThrow(REFUSED);
  });

  test('does not open a room that nobody created', async () => {
    const stray = await token({ room: 'no-such-room', ttl: 600 });
    await expect(Caller.join({ livekitUrl: stack.urls.livekit, token: stray })).rejects.toThrow(REFUSED);
  });
});

/** Opens a transcription socket; resolves with what it received when it closes. */
function listen(query: string, act: (socket: WebSocket) => void, token = key) {
  const socket = new WebSocket(`${stt.replace(/^http/, 'ws')}/v1/listen?${query}`, {
    headers: { authorization: `Token ${token}` },
  });
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>));
  return new Promise<{ messages: typeof messages; code: number; reason: string; status?: number }>((resolve) => {
    socket.on('open', () => act(socket));
    socket.on('unexpected-response', (request, response) => {
      resolve({ messages, code: 0, reason: '', status: response.statusCode ?? 0 });
      request.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => resolve({ messages, code, reason: reason.toString() }));
  });
}

describe('the transcription socket', () => {
  const query = 'encoding=linear16&sample_rate=16000&language=fr&interim_results=true';

  test('refuses a wrong key and a wrong query before it opens', async () => {
    expect((await listen(query, () => undefined, 'wrong-key')).status).toBe(401);
    expect((await listen('sample_rate=banana', () => undefined)).status).toBe(400);
    expect((await listen('encoding=mp3', () => undefined)).status).toBe(400);
  });

  test('closes with a reason after frames that are no messages', async () => {
    const { code, reason } = await listen(query, (socket) => {
      for (let i = 0; i < 50; i += 1) socket.send('{"type": nonsense');
    });
    expect(code).toBe(4400);
    expect(reason).toMatch(/\w+/);
  });

  test('closes with 1009 after a frame of 10 MB', async () => {
    const { code } = await listen(query, (socket) => socket.send(Buffer.alloc(10_000_000)));
    expect(code).toBe(1009);
  });

  test('says nothing about an empty stream and an odd number of bytes', async () => {
    const { messages, code } = await listen(query, (socket) => {
      socket.send(Buffer.alloc(0));
      socket.send(Buffer.alloc(3201));
      socket.send(JSON.stringify({ type: 'CloseStream' }));
    });
    expect(code).toBe(1000);
    const text = messages.filter((message) => message['type'] === 'Results').map((message) => JSON.stringify(message));
    expect(text.join('')).not.toMatch(/"transcript":"[^"]/);
  });

  test('cuts a sentence without end into pieces while it goes on', async () => {
    const pcm = await synthesize('nous voulons aider les gens à parler en public ');
    const { messages } = await listen(query, (socket) => {
      // Two minutes of speech without a pause, as fast as the socket takes them: memory of three hours would be no more.
      const bytes = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
      let sent = 0;
      const pump = () => {
        if (socket.readyState !== WebSocket.OPEN) return;
        if (sent >= 120 * 32_000) return socket.send(JSON.stringify({ type: 'CloseStream' }));
        for (let at = 0; at < bytes.length; at += 3200) socket.send(bytes.subarray(at, at + 3200));
        sent += bytes.length;
        setTimeout(pump, 250);
      };
      pump();
    });
    const finals = messages.filter((message) => message['type'] === 'Results' && message['is_final'] === true);
    expect(finals.length).toBeGreaterThan(3);
  });
});

describe('speech and recognition over HTTP', () => {
  const auth = { authorization: `Bearer ${key}` };

  test.each([
    ['no text', { input: '' }, 400],
    ['5,000 characters', { input: 'a'.repeat(5000) }, 400],
    ['a voice that does not exist', { input: 'bonjour', voice: 'darth-vader' }, 400],
    ['a format that does not exist', { input: 'bonjour', response_format: 'midi' }, 400],
  ])('the voice refuses %s', async (_, body, status) => {
    const answer = await post(`${tts}/v1/audio/speech`, JSON.stringify(body), auth);
    expect(problemSchema.parse(answer.body)).toMatchObject({ status, fault: 'caller' });
  });

  test('the recogniser refuses what is no audio and finds no words in silence', async () => {
    const url = `${whisper}/v1/audio/transcriptions?language=fr&response_format=text`;
    const odd = await fetch(url, {
      method: 'POST',
      body: new Uint8Array(3),
      headers: { ...auth, 'content-type': 'audio/pcm;rate=16000' },
    });
    expect(odd.status).toBe(400);
    const form = new FormData();
    form.set('file', new Blob(['this is no sound']), 'x.wav');
    form.set('model', 'whisper-1');
    const text = await fetch(`${whisper}/v1/audio/transcriptions`, { method: 'POST', body: form, headers: auth });
    expect(text.status).toBe(400);
    const silence = await fetch(url, {
      method: 'POST',
      body: new Uint8Array(64_000),
      headers: { ...auth, 'content-type': 'audio/pcm;rate=16000' },
    });
    expect(silence.status).toBe(200);
    expect((await silence.text()).trim()).toBe('');
  });

  test.each(['', 'wrong'])('nobody speaks or thinks with the key "%s"', async (wrong) => {
    for (const [url, body] of [
      [`${tts}/v1/audio/speech`, { input: 'bonjour' }],
      [`${api}/v1/chat/completions`, { messages: [{ role: 'user', content: 'bonjour' }] }],
    ] as const) {
      const answer = await post(url, JSON.stringify(body), { authorization: `Bearer ${wrong}` });
      expect(problemSchema.parse(answer.body)).toMatchObject({ status: 401, code: 'unauthorized' });
    }
  });
});

test('after all that everything is ready and a call is answered', async () => {
  for (const url of [api, stt, tts, whisper]) {
    const ready = async () => (await fetch(`${url}/ready`)).ok;
    await waitFor(ready, { timeoutMs: 20_000, what: `${url} to be ready after all that` });
  }
  const { turns } = await runConversation({ apiUrl: api, script: ['donnez-moi un conseil'] });
  expect(turns[0]?.latencyMs).not.toBeNull();
});
