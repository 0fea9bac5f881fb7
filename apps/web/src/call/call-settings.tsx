import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import { listMicrophones } from '../audio/microphone.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import styles from './call-settings.module.css';
import type { CallMicrophone } from './use-microphone.ts';

type CaptionSize = 's' | 'm' | 'l';
const sizes: readonly CaptionSize[] = ['s', 'm', 'l'];

interface CallSettingsProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly microphone: CallMicrophone;
  readonly pushToTalk: boolean;
  readonly onPushToTalk: (chosen: boolean) => void;
  readonly captionSize: CaptionSize;
  readonly onCaptionSize: (size: CaptionSize) => void;
}

/** What one may want to change during a call. A native dialog: focus, Escape and backdrop come with it. */
export function CallSettings(props: CallSettingsProps) {
  const { t } = useLanguage();
  const { dialog, microphone } = props;
  const devices = useMicrophoneList(microphone.track !== null);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="settings">
      <h2 id="settings" className={styles.title}>
        {t('call.settings')}
      </h2>
      {devices.length === 0 ? null : (
        <label className={styles.field}>
          <span>{t('pre.device')}</span>
          <select
            value={microphone.track?.getSettings().deviceId ?? ''}
            onChange={(event) => microphone.open(event.target.value)}
          >
            {devices.map((device, index) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label === '' ? t('pre.defaultDevice', { n: index + 1 }) : device.label}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className={styles.toggle}>
        <input
          type="checkbox"
          checked={props.pushToTalk}
          onChange={(event) => props.onPushToTalk(event.target.checked)}
        />
        <span>
          {t('call.pushToTalk')}
          <small>{t('call.pushToTalkHelp')}</small>
        </span>
      </label>
      <fieldset className={styles.sizes}>
        <legend>{t('call.captionSize')}</legend>
        {sizes.map((size) => (
          <label key={size} className={styles.toggle}>
            <input
              type="radio"
              name="captions"
              checked={props.captionSize === size}
              onChange={() => props.onCaptionSize(size)}
            />
            <span>{t(`call.size.${size}`)}</span>
          </label>
        ))}
      </fieldset>
      <p className={styles.hint}>{t('call.shortcuts')}</p>
      <form method="dialog">
        <Button type="submit">{t('call.close')}</Button>
      </form>
    </dialog>
  );
}

/** Microphones to choose from, refreshed when one is plugged in and when the first is allowed. */
function useMicrophoneList(allowed: boolean): readonly MediaDeviceInfo[] {
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    const refresh = () => {
      // Names are empty until a microphone is allowed: an unnamed list is no choice.
      const list = allowed ? listMicrophones() : Promise.resolve([]);
      list.then(setDevices, () => setDevices([]));
    };
    refresh();
    if (!('mediaDevices' in navigator)) return undefined;
    navigator.mediaDevices.addEventListener('devicechange', refresh);
    return () => navigator.mediaDevices.removeEventListener('devicechange', refresh);
  }, [allowed]);
  return devices;
}
