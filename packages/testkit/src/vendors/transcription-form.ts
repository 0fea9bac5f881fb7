import { parseWav } from '../wav.ts';
import type { RecordedRequest } from './fake-vendor.ts';

/** What a multipart transcription request holds. */
export interface TranscriptionForm {
  /** Members as a JSON document would have them: `x[]` and repeated names are lists, `temperature` is a number. */
  readonly members: Readonly<Record<string, string | number | readonly string[]>>;
  /** 16 kHz mono; undefined when there is no WAV in `file`. */
  readonly pcm: Int16Array | undefined;
  readonly durationS: number;
}

const LISTS = new Set(['timestamp_granularities', 'context_bias', 'include', 'keywords']);
const RATE_HZ = 16_000;

/** Reads `multipart/form-data` as OpenAI's and Mistral's servers do. */
export async function readTranscriptionForm(request: RecordedRequest): Promise<TranscriptionForm> {
  const type = request.headers['content-type'] ?? '';
  const form = await new Response(request.bytes, { headers: { 'content-type': type } }).formData();
  const members: Record<string, string | number | readonly string[]> = {};
  for (const name of new Set(form.keys())) {
    const bare = name.replace(/\[\]$/, '');
    const texts = form.getAll(name).filter((value) => typeof value === 'string');
    if (bare === 'file') members['file'] = '(bytes)';
    else if (LISTS.has(bare)) members[bare] = texts;
    else members[bare] = bare === 'temperature' ? Number(texts[0]) : (texts[0] ?? '');
  }
  const file = form.get('file');
  const pcm = file instanceof Blob ? parseWav(Buffer.from(await file.arrayBuffer()), 'file') : undefined;
  return { members, pcm, durationS: (pcm?.length ?? 0) / RATE_HZ };
}
