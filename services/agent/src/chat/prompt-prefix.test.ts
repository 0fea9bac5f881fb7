import type { AgentSession } from '@eloquence/shared/contracts/dispatch';
import { newSessionId } from '@eloquence/shared/runtime/ids';
import { initializeLogger, llm, voice } from '@livekit/agents';
import { expect, test } from 'vitest';
import { TalkAgent } from '../call/talk-agent.ts';
import { FakeApi } from '../test-support/fake-peers.ts';
import { TalkLlm } from './talk-llm.ts';

initializeLogger({ pretty: false, level: 'silent' });

const apology = { nothing: () => 'NOTHING', brokenOff: 'BROKEN', failedSince: () => false, onApology: () => undefined };

test('a turn is asked with all that was asked before to the letter, so that a model may keep what it has read', async () => {
  await using api = await FakeApi.start({} as AgentSession);
  const sessionId = newSessionId();
  const session = new voice.AgentSession({ llm: new TalkLlm({ apiUrl: api.url, key: 'k', sessionId }) });
  const agent = new TalkAgent({
    instructions: 'Vous êtes un coach.\n\nLanguage: fr',
    history: llm.ChatContext.empty(),
    apology,
  });
  await session.start({ agent });
  await session.say('Bonjour, je suis votre coach.').waitForPlayout();
  for (const userInput of ['Bonjour', 'Je prépare un entretien', 'Donnez-moi un conseil'])
    await session.generateReply({ userInput }).waitForPlayout();
  await session.close();
  const prompts = api.chats.map(({ request }) => request.messages);
  expect(prompts).toHaveLength(3);
  expect(prompts[0]?.[0]).toEqual({ role: 'system', content: 'Vous êtes un coach.\n\nLanguage: fr' });
  for (const [index, prompt] of prompts.slice(1).entries()) {
    const before = JSON.stringify(prompts[index]).slice(0, -1);
    expect(JSON.stringify(prompt).startsWith(before)).toBe(true);
    expect(prompt.length).toBe((prompts[index]?.length ?? 0) + 2);
  }
  expect(new Set(api.chats.map((chat) => chat.sessionId))).toEqual(new Set([sessionId]));
});
