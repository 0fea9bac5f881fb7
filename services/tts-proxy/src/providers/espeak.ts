import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { SampleReader } from '../audio/pcm.ts';
import { Resampler } from '../audio/resampler.ts';
import { WavReader } from '../audio/wav.ts';
import { childOutput } from '../child-output.ts';
import type { SpeechProvider, Utterance } from './provider.ts';

const VOICES = { fr: 'fr-fr', en: 'en-gb' } as const;
/** Words per minute at speed 1; espeak-ng's own default of 175 is hard to follow in French. */
const WORDS_PER_MINUTE = 160;
/** espeak-ng's own limits. */
const SLOWEST_WPM = 80;
const FASTEST_WPM = 450;

/** espeak-ng: always there, never pretty, so it is the demo voice and the last resort. */
export function espeakSpeech(settings: { readonly program: string }): SpeechProvider {
  async function* speak({ text, voice, speed }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const rate = Math.round(Math.min(FASTEST_WPM, Math.max(SLOWEST_WPM, WORDS_PER_MINUTE * speed)));
    // -b 1: the text is UTF-8 whatever the locale.
    const args = ['-v', VOICES[voice.language], '-s', String(rate), '-b', '1', '--stdin', '--stdout'];
    const wav = new WavReader();
    const reader = new SampleReader();
    let resampler: Resampler | undefined;
    for await (const chunk of childOutput(
      { peer: 'espeak-ng', program: settings.program, args, input: text },
      signal,
    )) {
      const samples = reader.push(wav.push(chunk));
      if (wav.sampleRateHz === 0) continue;
      resampler ??= new Resampler(wav.sampleRateHz, TTS_SAMPLE_RATE_HZ);
      yield resampler.push(samples);
    }
    if (resampler) yield resampler.flush();
  }
  return {
    id: 'espeak',
    engine: {
      id: 'espeak-ng',
      label: 'espeak-ng (demo voice)',
      label_fr: 'espeak-ng (voix de démonstration)',
      demo: true,
    },
    speak,
  };
}
