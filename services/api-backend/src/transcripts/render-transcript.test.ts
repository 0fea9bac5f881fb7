import type { Transcript } from '@eloquence/shared/contracts/sessions';
import { describe, expect, it } from 'vitest';
import { transcriptFormats } from './render-transcript.ts';

const transcript: Transcript = {
  session_id: 'ses_aaaaaaaaaaaaaaaaaaaa',
  language: 'fr',
  utterances: [
    {
      utterance_id: 'utt_aaaaaaaaaaaaaaaa',
      speaker: 'agent',
      role: 'agent',
      text: 'Bonjour !',
      start_ms: 40,
      end_ms: 900,
    },
    {
      utterance_id: 'utt_bbbbbbbbbbbbbbbb',
      speaker: 'user-x',
      role: 'user',
      text: 'a <b> & c -->\n\n2\nd',
      start_ms: 3_723_004,
      end_ms: 3_723_004,
    },
  ],
};

describe('transcripts', () => {
  it('as text: time, speaker, one line each', () => {
    expect(transcriptFormats.txt.render(transcript, null)).toBe(
      '[00:00:00] Assistant : Bonjour !\n[01:02:03] Vous : a <b> & c --> 2 d\n',
    );
  });

  it('as SubRip: numbered cues that last, and no text that could end one', () => {
    expect(transcriptFormats.srt.render(transcript, 'Zoé')).toBe(
      '1\n00:00:00,040 --> 00:00:00,900\nAssistant: Bonjour !\n\n' +
        '2\n01:02:03,004 --> 01:02:03,504\nZoé: a <b> & c → 2 d\n\n',
    );
  });

  it('as WebVTT: voices, escaped text', () => {
    expect(transcriptFormats.vtt.render(transcript, '<Zoé>')).toBe(
      'WEBVTT\n\nutt_aaaaaaaaaaaaaaaa\n00:00:00.040 --> 00:00:00.900\n<v Assistant>Bonjour !\n\n' +
        'utt_bbbbbbbbbbbbbbbb\n01:02:03.004 --> 01:02:03.504\n<v &lt;Zoé&gt;>a &lt;b&gt; &amp; c --&gt; 2 d\n\n',
    );
  });

  it('of a meeting: everybody by their own name, by their id where there is none', () => {
    const [, one] = transcript.utterances;
    if (!one) throw new Error('no utterance');
    const meeting = {
      ...transcript,
      utterances: ['anne', 'marc'].map((speaker) => ({ ...one, speaker, text: 'oui' })),
    };
    const names = new Map([['anne', 'Anne --> Martin']]);
    expect(transcriptFormats.txt.render(meeting, names)).toBe(
      '[01:02:03] Anne --> Martin : oui\n[01:02:03] marc : oui\n',
    );
    expect(transcriptFormats.srt.render(meeting, names)).toContain('\nAnne → Martin: oui\n');
    expect(transcriptFormats.vtt.render(meeting, names)).toContain('<v marc>oui\n');
  });

  it('of a silent session are empty and still valid', () => {
    const silent = { ...transcript, utterances: [] };
    expect(transcriptFormats.txt.render(silent, null)).toBe('');
    expect(transcriptFormats.vtt.render(silent, null)).toBe('WEBVTT\n\n');
  });
});
