import { useState } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { LevelBar } from '../ui/level-bar.tsx';
import { Notice } from '../ui/notice.tsx';
import styles from './microphone-check.module.css';
import type { PreflightMicrophone } from './use-preflight-microphone.ts';

/** Quiet for this long before the call, and the page says so. */
const SILENT_AFTER_MS = 5_000;

interface MicrophoneCheckProps {
  readonly microphone: PreflightMicrophone;
  readonly ask: (deviceId?: string) => void;
}

/** Which microphone, and whether it hears anything; or what keeps it from opening. */
export function MicrophoneCheck({ microphone, ask }: MicrophoneCheckProps) {
  const { t } = useLanguage();
  if (microphone.status === 'failed') {
    return (
      <Notice tone="alert">
        <p>{t(`problem.${microphone.failure}`)}</p>
        {microphone.failure === 'insecure' ? <p>{t('problem.insecureHelp')}</p> : null}
      </Notice>
    );
  }
  return microphone.status === 'open' ? <OpenMicrophone microphone={microphone} ask={ask} /> : null;
}

interface OpenMicrophoneProps {
  readonly microphone: Extract<PreflightMicrophone, { status: 'open' }>;
  readonly ask: (deviceId?: string) => void;
}

function OpenMicrophone({ microphone, ask }: OpenMicrophoneProps) {
  const { t } = useLanguage();
  const [heard, setHeard] = useState({ voice: false, silent: false });
  const { track, devices } = microphone;
  return (
    <div className={styles.check}>
      <label className={styles.field}>
        <span>{t('pre.device')}</span>
        <select value={track.getSettings().deviceId ?? ''} onChange={(event) => ask(event.target.value)}>
          {devices.map((device, index) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label === '' ? t('pre.defaultDevice', { n: index + 1 }) : device.label}
            </option>
          ))}
        </select>
      </label>
      <LevelBar
        track={track}
        label={t('pre.meter')}
        onHeard={({ voice, silentForMs }) => {
          const silent = !voice && silentForMs > SILENT_AFTER_MS;
          setHeard((before) => (before.voice === voice && before.silent === silent ? before : { voice, silent }));
        }}
      />
      {heard.silent ? (
        <Notice tone="info">{t('problem.silent')}</Notice>
      ) : (
        <p className={styles.hint} role="status">
          {heard.voice ? t('pre.heard') : t('pre.say')}
        </p>
      )}
    </div>
  );
}
