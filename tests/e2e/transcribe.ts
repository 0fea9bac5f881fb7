import type { Stack } from './start-stack.ts';

/** Text whisper-stt hears in 16 kHz samples, so that a test can check what the person's ear got. */
export async function transcribe(stack: Stack, pcm: Int16Array): Promise<string> {
  const response = await fetch(`${stack.urls.whisper}/v1/audio/transcriptions?language=fr&response_format=text`, {
    method: 'POST',
    headers: {
      'content-type': 'audio/pcm;rate=16000',
      authorization: `Bearer ${stack.env['INTERNAL_API_KEY']}`,
    },
    body: new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength),
  });
  if (!response.ok) throw new Error(`whisper-stt answered ${response.status}: ${await response.text()}`);
  return response.text();
}
