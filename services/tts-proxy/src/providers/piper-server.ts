import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import * as z from 'zod';
import { nameAt, type PartialVoices, type Voice } from '../voices/voice.ts';
import { parseJson } from './parse-json.ts';
import { piperGender, piperText, splitSpeaker } from './piper-voices.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';
import type { Peer } from './upstream-error.ts';
import { VendorHttp } from './vendor-http.ts';
import { VoiceFinder, type ListedVoice } from './voice-finder.ts';

const PEER: Peer = {
  peer: "Piper's server",
  keyName: 'PIPER_URL',
  urlName: 'PIPER_URL',
  choiceNames: 'PIPER_VOICE_FR and PIPER_VOICE_EN',
};

export interface PiperServerSettings {
  readonly url: string;
  /** Names such as `fr_FR-siwis-medium`, with `#speaker` where a voice has several. Where there is none, the first that fits. */
  readonly voices: PartialVoices;
  readonly hedgeAfterMs: number;
}

/** `GET /voices`: each voice's own description under its name. */
const voicesSchema = z.record(
  z.string(),
  z.looseObject({
    language: z.looseObject({ code: z.string() }).optional(),
    espeak: z.looseObject({ voice: z.string() }).optional(),
  }),
);

/** Piper's own HTTP server (`python -m piper.http_server`): the whole sentence as one WAV. */
export function piperServerSpeech({ url, voices, hedgeAfterMs }: PiperServerSettings): SpeechProvider {
  const http = new VendorHttp({ peer: PEER, baseUrl: url, headers: {} });
  const finder = new VoiceFinder((signal) => listVoices(http, signal));
  const named = (voice: Voice) => nameAt('piper', voice, voices);

  async function* speak({ text, voice, speed }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const name = named(voice) ?? (await finder.find(voice.language, voice.gender, signal));
    const { model, speaker } = splitSpeaker(name ?? '');
    const body = {
      text: piperText(text),
      // Left out it means the voice the server was started with.
      ...(model && { voice: model }),
      ...(speaker !== undefined && (/^\d+$/.test(speaker) ? { speaker_id: Number(speaker) } : { speaker })),
      ...(speed !== 1 && { length_scale: Number((1 / speed).toFixed(2)) }),
    };
    // Its Content-Type is text/html whatever it sends: only the bytes can be believed.
    const answer = await http.open({ path: '/synthesize', body, signal });
    yield* readSound(PEER.peer, answer.body, { encoding: 's16', sampleRateHz: TTS_SAMPLE_RATE_HZ });
  }
  async function check(signal: AbortSignal): Promise<void> {
    const listed = (await finder.refresh(signal)).map(({ name }) => name);
    const wanted = Object.values(voices).flatMap(({ female, male }) =>
      [female, male].filter((name) => name !== undefined),
    );
    // The server speaks with another voice when it does not know the one asked for.
    const missing = wanted.map((name) => splitSpeaker(name).model).find((name) => !listed.includes(name));
    if (missing)
      throw new AppError(
        'upstream_rejected',
        `${PEER.peer} has no voice ${missing}. Check ${PEER.choiceNames}, or download it there.`,
      );
  }
  return {
    id: 'piper',
    engine: { id: 'piper/server', label: 'Piper', label_fr: 'Piper', demo: false },
    hedgeAfterMs,
    identity(voice) {
      const name = named(voice) ?? finder.findKnown(voice.language, voice.gender) ?? `first ${voice.gender}`;
      return ['piper', url, name, voice.language].join(' ');
    },
    speak,
    check,
    close: () => http.close(),
  };
}

async function listVoices(http: VendorHttp, signal: AbortSignal): Promise<readonly ListedVoice[]> {
  const parsed = voicesSchema.safeParse(parseJson(await http.text({ path: '/voices', signal })));
  if (!parsed.success) throw new AppError('upstream_failed', `${PEER.peer} lists no voices. Check ${PEER.urlName}.`);
  return Object.entries(parsed.data).map(([name, { language, espeak }]) => ({
    name,
    languages: [language?.code ?? espeak?.voice ?? name],
    gender: piperGender(name),
  }));
}
