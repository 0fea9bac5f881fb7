import { Control } from '../call/call-controls.tsx';
import controlStyles from '../call/call-controls.module.css';
import type { CallMicrophone } from '../call/use-microphone.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { HangUpIcon, InviteIcon, MicIcon, MicOffIcon, PauseIcon, RecordIcon } from '../ui/icons.tsx';

interface MeetingControlsProps {
  readonly microphone: CallMicrophone;
  readonly paused: boolean;
  readonly onToggleMute: () => void;
  readonly onPause: () => void;
  readonly onInvite: () => void;
  readonly onLeave: () => void;
}

/** Own microphone, recording for all, invitation, way out. */
export function MeetingControls(props: MeetingControlsProps) {
  const { t } = useLanguage();
  const { status } = props.microphone.state;
  const off = status === 'off';
  const silent = off || status === 'muted';
  return (
    <div className={controlStyles.controls}>
      <Control
        label={t(off ? 'call.enableMicShort' : silent ? 'call.unmuteShort' : 'call.muteShort')}
        name={t(off ? 'call.enableMic' : silent ? 'call.unmute' : 'call.mute')}
        look={silent ? 'off' : 'on'}
        onClick={props.onToggleMute}
      >
        {silent ? <MicOffIcon /> : <MicIcon />}
      </Control>
      <Control
        label={t(props.paused ? 'meeting.continue' : 'meeting.pause')}
        look={props.paused ? 'off' : 'plain'}
        onClick={props.onPause}
      >
        {props.paused ? <RecordIcon /> : <PauseIcon />}
      </Control>
      <Control label={t('meeting.invite')} onClick={props.onInvite}>
        <InviteIcon />
      </Control>
      <Control label={t('meeting.leave')} look="end" onClick={props.onLeave}>
        <HangUpIcon />
      </Control>
    </div>
  );
}
