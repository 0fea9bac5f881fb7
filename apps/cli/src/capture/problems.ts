import { AppError } from '@eloquence/shared/runtime/errors';
import type { ErrorCode } from '@eloquence/shared/contracts/errors';

export type UserLanguage = 'fr' | 'en';

type ProblemKind =
  | 'parec_missing'
  | 'no_sound_server'
  | 'no_such_device'
  | 'device_gone'
  | 'module_missing'
  | 'system_audio_denied'
  | 'microphone_denied'
  | 'device_failed'
  | 'unsupported_platform';

/** What went wrong and what mends it; `{}` is what the machine said. */
const TEXTS: Readonly<Record<ProblemKind, readonly [code: ErrorCode, fr: string, en: string]>> = {
  parec_missing: [
    'unavailable',
    'Le programme « parec » manque. Installez-le : sudo apt install pulseaudio-utils',
    'The program "parec" is missing. Install it: sudo apt install pulseaudio-utils',
  ],
  no_sound_server: [
    'unavailable',
    'Aucun serveur de son (PulseAudio ou PipeWire) ne répond ({}). Démarrez-le : systemctl --user start pipewire-pulse (ou pulseaudio --start)',
    'No sound server (PulseAudio or PipeWire) answers ({}). Start it: systemctl --user start pipewire-pulse (or pulseaudio --start)',
  ],
  no_such_device: [
    'invalid_request',
    'Pas de périphérique de son « {} ». La liste : pactl list short sources',
    'There is no sound device "{}". See: pactl list short sources',
  ],
  device_gone: [
    'unavailable',
    'Le périphérique de son a disparu ({}). Rebranchez-le ou choisissez-en un autre dans les réglages de son.',
    'The sound device has gone ({}). Plug it in again or choose another one in the sound settings.',
  ],
  module_missing: [
    'unavailable',
    'Le module de capture de ce système manque ({}). Installez-le : npm install native-audio-node',
    'The capture module of this system is missing ({}). Install it: npm install native-audio-node',
  ],
  system_audio_denied: [
    'forbidden',
    "macOS ne laisse pas ce terminal enregistrer le son du système. Réglages Système → Confidentialité et sécurité → Enregistrement de l'écran et de l'audio du système : autorisez votre terminal, puis relancez-le.",
    'macOS does not let this terminal record system audio. System Settings → Privacy & Security → Screen & System Audio Recording: allow your terminal, then start it again.',
  ],
  microphone_denied: [
    'forbidden',
    'Le système ne laisse pas ce terminal écouter le micro. Autorisez-le dans les réglages de confidentialité (Microphone), puis relancez le terminal.',
    'The system does not let this terminal use the microphone. Allow it in the privacy settings (Microphone), then start the terminal again.',
  ],
  device_failed: [
    'unavailable',
    "Le périphérique de son ne s'ouvre pas ({}). Un casque Bluetooth en mode « mains libres » (HFP) peut en être la cause : choisissez un autre micro, ou un autre périphérique de sortie.",
    'The sound device does not open ({}). A Bluetooth headset in hands-free mode (HFP) may be the cause: choose another microphone, or another output.',
  ],
  unsupported_platform: [
    'unavailable',
    'La capture du son marche sous Linux, Windows et macOS ; ceci est {}.',
    'Sound can be captured on Linux, Windows and macOS; this is {}.',
  ],
};

/** The error for a person, in their language. */
export function captureProblem(kind: ProblemKind, language: UserLanguage, detail = ''): AppError {
  const [code, fr, en] = TEXTS[kind];
  return new AppError(code, (language === 'fr' ? fr : en).replace('{}', detail));
}
