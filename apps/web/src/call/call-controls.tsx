import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { HangUpIcon, MicIcon, MicOffIcon, SettingsIcon } from '../ui/icons.tsx';
import styles from './call-controls.module.css';
import type { CallMicrophone } from './use-microphone.ts';

interface CallControlsProps {
  readonly microphone: CallMicrophone;
  /** Whether what the person says in this call can be understood at all. */
  readonly speech: boolean;
  readonly pushToTalk: boolean;
  readonly ending: boolean;
  readonly onToggleMute: () => void;
  readonly onHangUp: () => void;
  readonly onSettings: () => void;
}

/** The three things a thumb needs: microphone, settings, hang up. */
export function CallControls(props: CallControlsProps) {
  const { t } = useLanguage();
  return (
    <div className={styles.controls}>
      <Control label={t('call.settings')} onClick={props.onSettings}>
        <SettingsIcon />
      </Control>
      {props.speech ? <MicrophoneControl {...props} /> : null}
      <Control
        label={t('call.endShort')}
        name={t(props.ending ? 'call.ending' : 'call.end')}
        look="end"
        disabled={props.ending}
        onClick={props.onHangUp}
      >
        <HangUpIcon />
      </Control>
    </div>
  );
}

function MicrophoneControl({ microphone, pushToTalk, onToggleMute }: CallControlsProps) {
  const { t } = useLanguage();
  const { status } = microphone.state;
  if (status === 'off') {
    return (
      <Control label={t('call.enableMicShort')} name={t('call.enableMic')} look="off" onClick={() => microphone.open()}>
        <MicOffIcon />
      </Control>
    );
  }
  if (pushToTalk) return <TalkControl microphone={microphone} />;
  const muted = status === 'muted';
  return (
    <Control
      label={t(muted ? 'call.unmuteShort' : 'call.muteShort')}
      name={t(muted ? 'call.unmute' : 'call.mute')}
      look={muted ? 'off' : 'on'}
      onClick={onToggleMute}
    >
      {muted ? <MicOffIcon /> : <MicIcon />}
    </Control>
  );
}

interface ControlProps {
  readonly label: string;
  /** Spoken name, when the short label would not say enough. It begins with or holds the label's meaning. */
  readonly name?: string;
  readonly look?: 'plain' | 'on' | 'off' | 'end';
  readonly disabled?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

/** A round button with its word below. */
export function Control({ label, name, look = 'plain', disabled = false, onClick, children }: ControlProps) {
  return (
    <button type="button" className={styles.control} aria-label={name} disabled={disabled} onClick={onClick}>
      <span className={`${styles.disc} ${styles[look]}`}>{children}</span>
      <span className={styles.label}>{label}</span>
    </button>
  );
}

/** Open while held. The pointer is captured, so sliding off the button does not leave the microphone open. */
function TalkControl({ microphone }: { readonly microphone: CallMicrophone }) {
  const { t } = useLanguage();
  const talking = microphone.state.status === 'live';
  const release = () => microphone.setMuted(true);
  return (
    <button
      type="button"
      className={styles.control}
      aria-label={t('call.talk')}
      aria-pressed={talking}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        microphone.setMuted(false);
      }}
      onPointerUp={release}
      onPointerCancel={release}
      onKeyDown={(event) => {
        if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) microphone.setMuted(false);
      }}
      onKeyUp={release}
      onBlur={release}
      onContextMenu={(event) => event.preventDefault()}
    >
      <span className={`${styles.disc} ${talking ? styles.on : styles.off}`}>
        {talking ? <MicIcon /> : <MicOffIcon />}
      </span>
      <span className={styles.label}>{t('call.talkShort')}</span>
    </button>
  );
}
