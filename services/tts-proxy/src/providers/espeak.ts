import { TTS_SAMPLE_RATE_HZ } from '@eloquence/shared/contracts/tts';
import { AppError } from '@eloquence/shared/runtime/errors';
import { childOutput } from '../child-output.ts';
import { nameAt, type OwnVoices } from '../voices/voice.ts';
import { fileStamp } from './file-stamp.ts';
import type { SpeechProvider, Utterance } from './provider.ts';
import { readSound } from './read-sound.ts';

const PEER = 'espeak-ng';
/** Words per minute at speed 1; espeak-ng's own default of 175 is hard to follow in French. */
const WORDS_PER_MINUTE = 160;
/** espeak-ng's own limits. */
const SLOWEST_WPM = 80;
const FASTEST_WPM = 450;

export interface EspeakSettings {
  readonly program: string;
  /** As `espeak-ng -v` takes them. */
  readonly voices: OwnVoices;
}

/** espeak-ng: always there, never pretty, so it is the demo voice and the last resort. */
export function espeakSpeech({ program, voices }: EspeakSettings): SpeechProvider {
  async function* speak({ text, voice, speed }: Utterance, signal: AbortSignal): AsyncGenerator<Int16Array> {
    const rate = Math.round(Math.min(FASTEST_WPM, Math.max(SLOWEST_WPM, WORDS_PER_MINUTE * speed)));
    // -b 1: the text is UTF-8 whatever the locale.
    const args = ['-v', nameAt('espeak', voice, voices), '-s', String(rate), '-b', '1', '--stdin', '--stdout'];
    const wav = childOutput({ peer: PEER, program, args, input: text }, signal);
    try {
      yield* readSound(PEER, wav, { encoding: 's16', sampleRateHz: TTS_SAMPLE_RATE_HZ });
    } catch (error) {
      signal.throwIfAborted();
      // It crashes on some texts, as on 200 letters with full stops; the next one is a new process.
      if (error instanceof AppError && String(error.cause).startsWith('SIG'))
        throw new AppError('invalid_request', `${PEER} died of this text.`, { cause: error });
      throw error;
    }
  }
  async function check(signal: AbortSignal): Promise<void> {
    for await (const chunk of childOutput({ peer: PEER, program, args: ['--version'], input: '' }, signal))
      if (chunk.length > 0) return;
  }
  return {
    id: 'espeak',
    engine: {
      id: 'espeak-ng',
      label: 'espeak-ng (demo voice)',
      label_fr: 'espeak-ng (voix de démonstration)',
      demo: true,
    },
    identity: (voice) => ['espeak', fileStamp(program), WORDS_PER_MINUTE, nameAt('espeak', voice, voices)].join(' '),
    speak,
    check,
  };
}
