import { describe, expect, test } from 'vitest';
import { loadSpec } from '@eloquence/testkit/spec-validator';
import { realtimeServerEventSchema, type RealtimeServerEvent } from '@eloquence/shared/contracts/stt-realtime';
import { describeSession, initialSettings, updated } from './settings.ts';

const spec = loadSpec('openai.openapi.yaml');
const base = { event_id: 'event_1' };
const ofItem = { ...base, item_id: 'item_1' };
const item: Extract<RealtimeServerEvent, { type: 'conversation.item.added' }>['item'] = {
  id: 'item_1',
  object: 'realtime.item',
  type: 'message',
  status: 'completed',
  role: 'user',
  content: [{ type: 'input_audio' }],
};
const plain = describeSession(initialSettings(undefined), 'sess_1');
const full = describeSession(
  updated(initialSettings(undefined), {
    transcription: { model: 'gpt-4o-transcribe', language: 'fr', prompt: 'noms', keywords: ['Nguyen'] },
    turn_detection: null,
    noise_reduction: { type: 'near_field' },
  }),
  'sess_1',
);
const TRANSCRIPTION = 'conversation.item.input_audio_transcription';

/** One of each event we send, and the name of its schema in OpenAI's document. */
const EVENTS: readonly (readonly [string, RealtimeServerEvent])[] = [
  ['SessionCreated', { ...base, type: 'session.created', session: plain }],
  ['SessionUpdated', { ...base, type: 'session.updated', session: full }],
  ['InputAudioBufferSpeechStarted', { ...ofItem, type: 'input_audio_buffer.speech_started', audio_start_ms: 10 }],
  ['InputAudioBufferSpeechStopped', { ...ofItem, type: 'input_audio_buffer.speech_stopped', audio_end_ms: 900 }],
  ['InputAudioBufferCommitted', { ...ofItem, type: 'input_audio_buffer.committed', previous_item_id: null }],
  ['InputAudioBufferCleared', { ...base, type: 'input_audio_buffer.cleared' }],
  ['ConversationItemAdded', { ...base, type: 'conversation.item.added', previous_item_id: 'item_0', item }],
  ['ConversationItemDone', { ...base, type: 'conversation.item.done', previous_item_id: null, item }],
  ['ConversationItemCreated', { ...base, type: 'conversation.item.created', previous_item_id: null, item }],
  [
    'ConversationItemInputAudioTranscriptionDelta',
    { ...ofItem, type: `${TRANSCRIPTION}.delta`, content_index: 0, delta: 'Bon' },
  ],
  [
    'ConversationItemInputAudioTranscriptionCompleted',
    {
      ...ofItem,
      type: `${TRANSCRIPTION}.completed`,
      content_index: 0,
      transcript: 'Bonjour.',
      languages: [{ code: 'fr' }],
      usage: { type: 'duration', seconds: 1.2 },
    },
  ],
  [
    'ConversationItemInputAudioTranscriptionFailed',
    {
      ...ofItem,
      type: `${TRANSCRIPTION}.failed`,
      content_index: 0,
      error: { type: 'server_error', code: 'upstream_failed', message: 'The engine failed.' },
    },
  ],
  [
    'Error',
    {
      ...base,
      type: 'error',
      error: { type: 'invalid_request_error', code: 'invalid_request', message: 'No.', param: null, event_id: null },
    },
  ],
];

describe('realtime server events', () => {
  test.each(EVENTS)('%s is in our contract', (_name, event) => {
    expect(realtimeServerEventSchema.parse(event)).toEqual(event);
  });

  // A clone without the vendors' documents skips these; loadSpec says so on stderr.
  test.skipIf(!spec).each(EVENTS)("%s has the shape of OpenAI's document", (name, event) => {
    expect(spec?.schemaFaults(`RealtimeServerEvent${name}`, event)).toEqual([]);
  });

  test.skipIf(!spec)('the comparison notices a member that is missing', () => {
    const { item_id: _left, ...event } = { ...ofItem, type: 'input_audio_buffer.committed' };
    expect(spec?.schemaFaults('RealtimeServerEventInputAudioBufferCommitted', event)).not.toEqual([]);
  });
});
