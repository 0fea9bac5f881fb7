import { describe, expect, it } from 'vitest';
import { resolveVoice, voiceList } from './voices.ts';

describe('resolveVoice', () => {
  it('knows the logical voices and their languages', () => {
    expect(resolveVoice('coach-fr', 'Hello')).toEqual({ language: 'fr' });
    expect(resolveVoice('coach-en', 'Bonjour')).toEqual({ language: 'en' });
    expect(resolveVoice('coach-fr', 'Hello', 'en')).toEqual({ language: 'en' });
  });

  it('knows OpenAI’s thirteen and lets the text say the language', () => {
    expect(voiceList.voices).toHaveLength(15);
    expect(resolveVoice('nova', 'Hello, how are you today?')).toEqual({ language: 'en', openaiName: 'nova' });
    expect(resolveVoice('nova', 'Bonjour, comment allez-vous ?')).toEqual({ language: 'fr', openaiName: 'nova' });
  });

  it('refuses another and lists what there is', () => {
    for (const name of ['zorglub', '__proto__', 'constructor', 'toString'])
      expect(() => resolveVoice(name, 'a')).toThrow(/coach-fr, coach-en, alloy/);
  });
});
