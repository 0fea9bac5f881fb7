import { lazy, Suspense, useCallback, useState } from 'react';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import { listScenarios } from './api/client.ts';
import { useResource } from './api/use-resource.ts';
import type { Resource } from './api/use-resource.ts';
import type { EndedCall } from './call/use-hang-up.ts';
import { useLanguage } from './i18n/language-context.tsx';
import { EndedScreen } from './screens/ended-screen.tsx';
import { HomeScreen } from './screens/home-screen.tsx';
import { PreflightScreen } from './screens/preflight-screen.tsx';
import type { OpenedCall } from './screens/preflight-screen.tsx';
import { JoinScreen } from './meeting/join-screen.tsx';
import { LostMeeting } from './meeting/lost-meeting.tsx';
import { MeetingsScreen } from './meeting/meetings-screen.tsx';
import { ReportScreen } from './meeting/report-screen.tsx';
import type { OpenedMeeting } from './meeting/use-meeting.ts';
import { readCall, readMeeting, writeCall, writeMeeting } from './storage.ts';
import { goTo, useRoute } from './use-route.ts';

/** livekit-client is heavier than everything else together: fetched when a call is near. */
const loadCallScreen = () => import('./call/call-screen.tsx');
const CallScreen = lazy(async () => ({ default: (await loadCallScreen()).CallScreen }));

const loadMeetingScreen = () => import('./meeting/meeting-screen.tsx');
const MeetingScreen = lazy(async () => ({ default: (await loadMeetingScreen()).MeetingScreen }));

const SCENARIOS_AGAIN_MS = 3_000;

/** Until there is something to choose, looks again: the agent may still be starting, or the server. */
function againInMs(scenarios: Resource<readonly ScenarioSummary[]>): number | null {
  if (scenarios.status === 'ready') return scenarios.value.length === 0 ? SCENARIOS_AGAIN_MS : null;
  if (scenarios.status === 'loading' || scenarios.problem.key === 'problem.unauthorized') return null;
  return SCENARIOS_AGAIN_MS;
}

/** The call this tab was in before it was reloaded. */
function restoredCall(): OpenedCall | null {
  const stored = readCall();
  return stored === null ? null : { ...stored, ticket: null, track: null, failure: null };
}

/** The meeting this tab was in before it was reloaded. */
function restoredMeeting(): OpenedMeeting | null {
  const stored = readMeeting();
  return stored === null ? null : { ...stored, ticket: null, track: null, failure: null };
}

/** Which screen is shown: an open call wins over the address. */
export function App() {
  const route = useRoute();
  const { t } = useLanguage();
  const [scenarios, reload] = useResource({ load: listScenarios, againInMs });
  const [call, setCall] = useState<OpenedCall | null>(restoredCall);
  const [ended, setEnded] = useState<EndedCall | null>(null);

  const onOpened = useCallback((opened: OpenedCall) => {
    const { sessionId, scenarioId, title, language, startedAtMs, voice } = opened;
    writeCall({ sessionId, scenarioId, title, language, startedAtMs, voice });
    setCall(opened);
  }, []);
  const onEnded = useCallback((result: EndedCall) => {
    writeCall(null);
    setEnded(result);
    setCall(null);
    goTo(
      result.again
        ? { screen: 'prepare', scenarioId: result.scenarioId }
        : { screen: 'ended', sessionId: result.sessionId },
    );
  }, []);

  const [meeting, setMeeting] = useMeetingOfTab();

  if (meeting !== null) {
    return (
      <Suspense fallback={<p className="visually-hidden">{t('state.connecting')}</p>}>
        <MeetingScreen key={meeting.sessionId} meeting={meeting} onLeft={() => setMeeting(null)} />
      </Suspense>
    );
  }
  if (call !== null) {
    return (
      <Suspense fallback={<p className="visually-hidden">{t('state.connecting')}</p>}>
        <CallScreen key={call.sessionId} call={call} onEnded={onEnded} />
      </Suspense>
    );
  }
  switch (route.screen) {
    case 'prepare':
      return (
        <PreflightScreen
          key={route.scenarioId}
          scenarioId={route.scenarioId}
          scenarios={scenarios}
          reload={reload}
          prefetchCall={loadCallScreen}
          onOpened={onOpened}
          prefetchMeeting={loadMeetingScreen}
          onMeeting={setMeeting}
        />
      );
    case 'ended':
      return (
        <EndedScreen
          key={route.sessionId}
          sessionId={route.sessionId}
          call={ended?.sessionId === route.sessionId ? ended : null}
        />
      );
    case 'join':
      return (
        <JoinScreen
          key={route.sessionId}
          sessionId={route.sessionId}
          prefetch={loadMeetingScreen}
          onOpened={setMeeting}
        />
      );
    case 'meeting':
      return <ReportScreen key={route.sessionId} sessionId={route.sessionId} utteranceId={route.utteranceId} />;
    case 'meetings':
      return <MeetingsScreen query={route.query} />;
    case 'broken':
      return <LostMeeting why={route.link === 'invitation' ? 'lost.cutInvitation' : 'lost.cutLink'} />;
    case 'home':
      return <HomeScreen scenarios={scenarios} reload={reload} />;
  }
}

/** The meeting one is in; leaving it, one sees its minutes. */
function useMeetingOfTab(): [OpenedMeeting | null, (meeting: OpenedMeeting | null) => void] {
  const [meeting, setMeeting] = useState<OpenedMeeting | null>(restoredMeeting);
  const change = useCallback(
    (next: OpenedMeeting | null) => {
      const left = meeting;
      writeMeeting(
        next && { sessionId: next.sessionId, title: next.title, joinedAs: next.joinedAs, voice: next.voice },
      );
      setMeeting(next);
      if (next === null && left !== null) goTo({ screen: 'meeting', sessionId: left.sessionId });
    },
    [meeting],
  );
  return [meeting, change];
}
