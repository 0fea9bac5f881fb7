import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { useRef, useState } from 'react';
import type { OpenedCall } from '../screens/preflight-screen.tsx';
import { useEngines } from '../api/use-engines.ts';
import { hearingOf } from '../hearing.ts';
import { readCaptionSize, writeCaptionSize } from '../storage.ts';
import { useNow } from '../ui/use-now.ts';
import { CallControls } from './call-controls.tsx';
import { CallHeader } from './call-header.tsx';
import { CallNotice } from './call-notice.tsx';
import styles from './call-screen.module.css';
import { CallSettings } from './call-settings.tsx';
import { CallStage } from './call-stage.tsx';
import { Captions } from './captions.tsx';
import { Composer } from './composer.tsx';
import { noticeOf } from './notice.ts';
import type { NoticeAction } from './notice.ts';
import { SpokenHint } from './spoken-hint.tsx';
import { useCall } from './use-call.ts';
import { useHangUp } from './use-hang-up.ts';
import type { EndedCall } from './use-hang-up.ts';
import { useMicrophone } from './use-microphone.ts';
import { useShortcuts } from './use-shortcuts.ts';
import { useWakeLock } from './use-wake-lock.ts';

interface CallScreenProps {
  readonly call: OpenedCall;
  readonly onEnded: (ended: EndedCall) => void;
}

/** A conversation in progress. */
export function CallScreen({ call: opened, onEnded }: CallScreenProps) {
  const call = useCall({ sessionId: opened.sessionId, ticket: opened.ticket });
  const { state } = call;
  const microphone = useMicrophone({
    link: call.link,
    connected: state.link === 'connected',
    awaited: state.link === 'connected' && state.agentState === 'listening',
    track: opened.track,
    failure: opened.failure,
    openOnJoin: opened.voice && opened.track === null,
  });
  const { ending, hangUp } = useHangUp({ opened, call, onEnded });
  const [pushToTalk, setPushToTalk] = useState(false);
  const [captionSize, setCaptionSize] = useState(readCaptionSize);
  const settings = useRef<HTMLDialogElement>(null);
  const nowMs = useNow(500);
  const hearing = hearingOf(useEngines()?.stt, opened.language);
  useWakeLock(state.ended === null);

  const openSettings = () => settings.current?.showModal();
  const toggleMute = () => {
    if (microphone.state.status === 'live') microphone.setMuted(true);
    else if (microphone.state.status === 'muted') microphone.setMuted(false);
  };
  useShortcuts({ onMute: toggleMute, onTalk: pushToTalk ? (talking) => microphone.setMuted(!talking) : null });

  const actions: Readonly<Record<NoticeAction, () => void>> = {
    startAudio: () => call.link.startAudio(),
    takeOver: () => call.link.rejoin(),
    retry: () => call.link.rejoin(),
    restart: () => hangUp(true),
    retryMic: () => microphone.open(),
    recoverMic: () => microphone.open(),
    changeMic: openSettings,
  };

  return (
    <RoomContext value={call.link.room}>
      <RoomAudioRenderer />
      <main className={styles.call} data-captions={captionSize}>
        <CallHeader title={opened.title} state={state} elapsedMs={nowMs - opened.startedAtMs} />
        <CallStage link={call.link} state={state} microphone={microphone} nowMs={nowMs} />
        <Captions transcript={state.transcript} />
        <SpokenHint
          hearing={hearing}
          language={opened.language}
          begun={
            // Nobody speaks: the list would only leave a phone no room for the conversation.
            microphone.state.status === 'off' || state.transcript.lines.some((line) => line.role === 'user')
          }
        />
        <div className={styles.notice}>
          <CallNotice notice={noticeOf(state, microphone.state, nowMs)} actions={actions} />
        </div>
        <Composer write={call.write} />
        <CallControls
          microphone={microphone}
          speech={hearing.understands !== 'none'}
          pushToTalk={pushToTalk}
          ending={ending}
          onToggleMute={toggleMute}
          onHangUp={() => hangUp(false)}
          onSettings={openSettings}
        />
        <CallSettings
          dialog={settings}
          microphone={microphone}
          pushToTalk={pushToTalk}
          onPushToTalk={(chosen) => {
            setPushToTalk(chosen);
            microphone.setMuted(chosen);
          }}
          captionSize={captionSize}
          onCaptionSize={(size) => {
            setCaptionSize(size);
            writeCaptionSize(size);
          }}
        />
      </main>
    </RoomContext>
  );
}
