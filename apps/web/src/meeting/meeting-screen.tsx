import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { CallNotice } from '../call/call-notice.tsx';
import { roomNoticeOf } from '../call/notice.ts';
import type { NoticeAction } from '../call/notice.ts';
import { useMicrophone } from '../call/use-microphone.ts';
import { useShortcuts } from '../call/use-shortcuts.ts';
import { useWakeLock } from '../call/use-wake-lock.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { Notice } from '../ui/notice.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { useNow } from '../ui/use-now.ts';
import { InviteDialog } from './invite-dialog.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import { LiveTranscript } from './live-transcript.tsx';
import { MeetingControls } from './meeting-controls.tsx';
import { MeetingHeader } from './meeting-header.tsx';
import { MissedDialog } from './missed-dialog.tsx';
import styles from './meeting-screen.module.css';
import { PeopleList } from './people-list.tsx';
import { SummariesPanel } from './summaries-panel.tsx';
import { useMeeting } from './use-meeting.ts';
import type { OpenedMeeting } from './use-meeting.ts';
import { usePeople } from './use-people.ts';

interface MeetingScreenProps {
  readonly meeting: OpenedMeeting;
  readonly onLeft: () => void;
}

/** A replayed log may tell an end that was taken back a moment later. */
const END_STANDS_MS = 1_500;

/** A meeting in progress: who is there, what is said, what has been noted. */
export function MeetingScreen({ meeting: opened, onLeft }: MeetingScreenProps) {
  const { t } = useLanguage();
  const meeting = useMeeting(opened);
  const { state, link } = meeting;
  const people = usePeople(link.room);
  const nowMs = useNow(1_000);
  const [problem, setProblem] = useState<Problem | null>(null);
  const dialogs = { invite: useDialog(), missed: useDialog(), leave: useDialog() };
  const microphone = useMicrophone({
    link,
    connected: state.link === 'connected',
    awaited: state.link === 'connected' && !state.paused,
    track: opened.track,
    failure: opened.failure,
    openOnJoin: opened.voice && opened.track === null,
  });
  useWakeLock(state.ended === null);
  useEnd(state.ended !== null, onLeft);

  const toggleMute = () => {
    if (microphone.state.status === 'live') microphone.setMuted(true);
    else if (microphone.state.status === 'muted') microphone.setMuted(false);
    else microphone.open();
  };
  useShortcuts({ onMute: toggleMute, onTalk: null });
  /** Says what is in the way when the server did not do it. */
  const attempt = (doing: Promise<unknown>) => {
    setProblem(null);
    doing.catch((error: unknown) => setProblem(problemOfError(error)));
  };

  const actions: Readonly<Record<NoticeAction, () => void>> = {
    startAudio: () => link.startAudio(),
    takeOver: () => link.rejoin(),
    retry: () => link.rejoin(),
    restart: () => link.rejoin(),
    retryMic: () => microphone.open(),
    recoverMic: () => microphone.open(),
    changeMic: () => microphone.open(),
  };

  return (
    <RoomContext value={link.room}>
      <RoomAudioRenderer />
      <main className={styles.meeting}>
        <MeetingHeader title={opened.title} state={state} nowMs={nowMs} />
        <LiveTranscript state={state} nowMs={nowMs} />
        <div className={styles.side}>
          <PeopleList people={people} names={state.names} />
          <SummariesPanel sessionId={opened.sessionId} announced={state.summaries} onMissed={dialogs.missed.show} />
        </div>
        <div className={styles.notice}>
          <CallNotice notice={roomNoticeOf(state, microphone.state)} actions={actions} />
          {state.paused ? <Notice tone="info">{t('meeting.pausedHelp')}</Notice> : null}
          {problem === null ? null : <ProblemNotice problem={problem} />}
        </div>
        <MeetingControls
          microphone={microphone}
          paused={state.paused}
          onToggleMute={toggleMute}
          onPause={() => attempt(meeting.record(state.paused ? 'recording' : 'paused'))}
          onInvite={dialogs.invite.show}
          onLeave={dialogs.leave.show}
        />
      </main>
      <InviteDialog dialog={dialogs.invite.ref} sessionId={opened.sessionId} />
      <MissedDialog
        dialog={dialogs.missed.ref}
        sessionId={opened.sessionId}
        names={state.names}
        elapsedMs={state.startedAtMs === null ? 0 : nowMs - state.startedAtMs}
      />
      <LeaveDialog dialog={dialogs.leave.ref} onLeave={onLeft} onEnd={() => attempt(meeting.end().then(onLeft))} />
    </RoomContext>
  );
}

function useDialog() {
  const ref = useRef<HTMLDialogElement>(null);
  return { ref, show: () => ref.current?.showModal() };
}

/** Leaves once the meeting has ended for good. */
function useEnd(ended: boolean, leave: () => void): void {
  const onEnd = useEffectEvent(leave);
  useEffect(() => {
    if (!ended) return undefined;
    const timer = window.setTimeout(() => onEnd(), END_STANDS_MS);
    return () => window.clearTimeout(timer);
  }, [ended]);
}
