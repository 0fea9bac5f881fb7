import { useIsSpeaking } from '@livekit/components-react';
import { useEffect, useRef } from 'react';
import type { TurnMeasurement } from '@eloquence/shared/contracts/events';
import { meterTrack } from '../audio/level-meter.ts';
import type { LevelMeter } from '../audio/level-meter.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { VoiceLine } from '../ui/voice-line.tsx';
import styles from './call-stage.module.css';
import type { CallState } from './call-state.ts';
import { headlineOf } from './notice.ts';
import type { RoomLink } from './room-link.ts';
import type { CallMicrophone } from './use-microphone.ts';

interface CallStageProps {
  readonly link: RoomLink;
  readonly state: CallState;
  readonly microphone: CallMicrophone;
  readonly nowMs: number;
}

/** Who speaks and what the assistant does: in words, and as two lines that move with the voices. */
export function CallStage({ link, state, microphone, nowMs }: CallStageProps) {
  const { t } = useLanguage();
  const headline = headlineOf(state, nowMs);
  const readLevels = useLevels(link, microphone);
  const personSpeaks = useIsSpeaking(link.room.localParticipant) && microphone.state.status === 'live';
  const agentSpeaks = state.agentState === 'speaking';
  return (
    <section className={styles.stage}>
      <VoiceLine
        className={styles.line}
        read={() => ({ ...readLevels(), thinking: headline === 'state.thinking' || headline === 'state.waiting' })}
      />
      <div className={styles.who}>
        <Who role="agent" speaks={agentSpeaks}>
          {t(agentSpeaks ? 'call.agentSpeaks' : 'call.agent')}
        </Who>
        <Who role="user" speaks={personSpeaks}>
          {t(personSpeaks ? 'call.youSpeak' : microphone.state.status === 'muted' ? 'call.muted' : 'call.you')}
        </Who>
      </div>
      <p className={styles.headline} data-testid="headline" data-state={state.agentState ?? state.link}>
        {t(headline)}
      </p>
      {state.lastTurn?.total_ms == null ? null : <Latency turn={state.lastTurn} totalMs={state.lastTurn.total_ms} />}
    </section>
  );
}

interface WhoProps {
  readonly role: 'agent' | 'user';
  readonly speaks: boolean;
  readonly children: string;
}

function Who({ role, speaks, children }: WhoProps) {
  return (
    <span className={styles.name} data-role={role} data-speaks={speaks}>
      {children}
    </span>
  );
}

const stages = ['stt_final_ms', 'turn_committed_ms', 'llm_ttft_ms', 'tts_ttfb_ms', 'total_ms'] as const;

/** How long the last answer took; opened, where the time went. */
function Latency({ turn, totalMs }: { readonly turn: TurnMeasurement; readonly totalMs: number }) {
  const { t, language } = useLanguage();
  const seconds = new Intl.NumberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(
    totalMs / 1000,
  );
  return (
    <details className={styles.latency}>
      <summary>{t('call.latency', { s: seconds })}</summary>
      <dl aria-label={t('call.latencyParts')}>
        {stages.map((stage) => {
          const ms = turn[stage];
          return ms === null ? null : (
            <div key={stage}>
              <dt>{t(`turn.${stage}`)}</dt>
              <dd>{t('turn.ms', { n: Math.round(ms) })}</dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}

/** Both loudnesses, read per frame. The assistant's meter is made anew whenever its track changes. */
function useLevels(link: RoomLink, microphone: CallMicrophone): () => { agent: number; person: number } {
  const person = useRef<LevelMeter | null>(null);
  const agent = useRef<{ readonly track: MediaStreamTrack; readonly meter: LevelMeter } | null>(null);
  const { track } = microphone;
  const live = microphone.state.status === 'live';

  useEffect(() => {
    const meter = track !== null && live ? meterTrack(track) : null;
    person.current = meter;
    return () => {
      meter?.close();
      person.current = null;
    };
  }, [track, live]);
  useEffect(
    () => () => {
      agent.current?.meter.close();
      agent.current = null;
    },
    [],
  );

  return () => {
    const agentTrack = link.agentTrack;
    if (agentTrack !== (agent.current?.track ?? null)) {
      agent.current?.meter.close();
      agent.current = agentTrack === null ? null : { track: agentTrack, meter: meterTrack(agentTrack) };
    }
    return { agent: agent.current?.meter.read() ?? 0, person: person.current?.read() ?? 0 };
  };
}
