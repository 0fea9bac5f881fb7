import { useEffect, useRef, useState } from 'react';
import type { Engine } from '@eloquence/shared/contracts/engine';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import { useEngines } from '../api/use-engines.ts';
import type { Resource } from '../api/use-resource.ts';
import { meterTrack, resumeMeters } from '../audio/level-meter.ts';
import type { LevelMeter } from '../audio/level-meter.ts';
import type { RoomTicket } from '../call/room-link.ts';
import { hearingOf, startLanguage } from '../hearing.ts';
import type { MessageKey } from '../i18n/fr.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { MeetingPreflight } from '../meeting/meeting-preflight.tsx';
import type { OpenedMeeting } from '../meeting/use-meeting.ts';
import type { MicFailure } from '../problem.ts';
import type { StoredCall } from '../storage.ts';
import { Button } from '../ui/button.tsx';
import { MicIcon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { BackLink, Page, ScreenTitle } from '../ui/page.tsx';
import { VoiceLine } from '../ui/voice-line.tsx';
import type { VoiceLevels } from '../ui/voice-line.tsx';
import { DemoNotice } from './demo-notice.tsx';
import { KeyForm } from './key-form.tsx';
import { OpeningNotice } from './opening-notice.tsx';
import { MicrophoneCheck } from './microphone-check.tsx';
import styles from './preflight-screen.module.css';
import { useOpenSession } from './use-open-session.ts';
import { usePreflightMicrophone } from './use-preflight-microphone.ts';
import type { PreflightMicrophone } from './use-preflight-microphone.ts';

/** A taste: the whole list is shown in the call. */
const PREFLIGHT_EXAMPLES = 4;

/** A session that is open and what the call screen needs to enter it. */
export interface OpenedCall extends StoredCall {
  readonly ticket: RoomTicket | null;
  readonly track: MediaStreamTrack | null;
  readonly failure: MicFailure | null;
}

interface PreflightScreenProps {
  readonly scenarioId: string;
  readonly scenarios: Resource<readonly ScenarioSummary[]>;
  readonly reload: () => void;
  readonly prefetchCall: () => Promise<unknown>;
  readonly prefetchMeeting: () => Promise<unknown>;
  readonly onOpened: (call: OpenedCall) => void;
  readonly onMeeting: (meeting: OpenedMeeting) => void;
}

/** Finds the scenario, asks for the key it takes, or says that it is not there. */
export function PreflightScreen(props: PreflightScreenProps) {
  const { t } = useLanguage();
  const { scenarios } = props;
  const scenario =
    scenarios.status === 'ready' ? scenarios.value.find((one) => one.scenario_id === props.scenarioId) : undefined;
  const locked = scenarios.status === 'failed' && scenarios.problem.key === 'problem.unauthorized';
  return (
    <Page>
      <BackLink href="#/">{t('app.back')}</BackLink>
      {scenario?.kind === 'conversation' ? <Preflight {...props} scenario={scenario} /> : null}
      {scenario?.kind === 'meeting' ? (
        <MeetingPreflight scenario={scenario} prefetch={props.prefetchMeeting} onOpened={props.onMeeting} />
      ) : null}
      {scenarios.status === 'loading' ? <p>{t('app.loading')}</p> : null}
      {locked ? <KeyForm onKey={props.reload} /> : null}
      {scenarios.status === 'failed' && !locked ? <ProblemNotice problem={scenarios.problem} /> : null}
      {scenarios.status === 'ready' && scenario === undefined ? <Notice tone="alert">{t('pre.unknown')}</Notice> : null}
    </Page>
  );
}

function Preflight(props: PreflightScreenProps & { readonly scenario: ScenarioSummary }) {
  const { scenario, prefetchCall } = props;
  const { t, language } = useLanguage();
  const { microphone, ask, takeTrack } = usePreflightMicrophone();
  const { opening, open } = useOpenSession();
  const recogniser = useEngines()?.stt;
  const [chosen, setChosen] = useState<Language | null>(null);
  const spoken = chosen ?? startLanguage(recogniser, scenario.languages, language);
  const writtenOnly = hearingOf(recogniser, spoken).understands === 'none';
  const readLevels = useTrackLevel(microphone.status === 'open' ? microphone.track : null);
  const busy = opening.status === 'opening' || opening.status === 'waiting';
  const ready = microphone.status === 'open' || microphone.status === 'failed';

  useEffect(() => {
    if (ready) prefetchCall().catch(() => {});
  }, [ready, prefetchCall]);

  const start = (voice: boolean) => {
    resumeMeters();
    open({ scenarioId: scenario.scenario_id, language: spoken }, (session) =>
      props.onOpened({
        sessionId: session.session_id,
        scenarioId: scenario.scenario_id,
        title: scenario.title[language],
        language: session.language,
        startedAtMs: Date.now(),
        voice,
        ticket: { url: session.livekit_url, token: session.livekit_token },
        track: voice ? takeTrack() : null,
        failure: microphone.status === 'failed' ? microphone.failure : null,
      }),
    );
  };

  return (
    <div className={styles.columns}>
      <div className={styles.intro}>
        <ScreenTitle className={styles.title}>{scenario.title[language]}</ScreenTitle>
        <p className={styles.about}>{withFixedSpaces(scenario.description[language])}</p>
        {scenario.languages.length > 1 ? (
          <LanguageChoice languages={scenario.languages} recogniser={recogniser} value={spoken} onChange={setChosen} />
        ) : null}
        <LanguageReason offered={scenario.languages} recogniser={recogniser} spoken={spoken} />
        <VoiceLine className={styles.line} read={readLevels} />
      </div>
      <section className={styles.card} aria-labelledby="before">
        <h2 id="before" className={styles.subtitle}>
          {t(writtenOnly ? 'pre.titleWritten' : 'pre.title')}
        </h2>
        <p className={styles.why}>{t(writtenOnly ? 'pre.whyWritten' : 'pre.why')}</p>
        {writtenOnly ? null : <MicrophoneCheck microphone={microphone} ask={ask} />}
        <DemoNotice recogniser={recogniser} language={spoken} atMost={PREFLIGHT_EXAMPLES} />
        <OpeningNotice opening={opening} />
        <Actions microphone={microphone} ask={ask} busy={busy} writtenOnly={writtenOnly} start={start} />
      </section>
    </div>
  );
}

interface ActionsProps {
  readonly microphone: PreflightMicrophone;
  readonly ask: () => void;
  readonly busy: boolean;
  readonly writtenOnly: boolean;
  readonly start: (voice: boolean) => void;
}

/** What comes next: the microphone, then the call; or the call in writing. */
function Actions({ microphone, ask, busy, writtenOnly, start }: ActionsProps) {
  const { t } = useLanguage();
  if (writtenOnly) {
    return (
      <div className={styles.actions}>
        <Button look="primary" disabled={busy} onClick={() => start(false)}>
          {busy ? t('pre.starting') : t('pre.startWritten')}
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.actions}>
      {microphone.status === 'open' ? (
        <Button look="primary" disabled={busy} onClick={() => start(true)}>
          {busy ? t('pre.starting') : t('pre.start')}
        </Button>
      ) : (
        <Button
          look="primary"
          disabled={microphone.status === 'asking' || isInsecure(microphone)}
          onClick={() => ask()}
        >
          <MicIcon />
          {t(askLabelOf(microphone))}
        </Button>
      )}
      <Button look={microphone.status === 'failed' ? 'plain' : 'quiet'} disabled={busy} onClick={() => start(false)}>
        {busy && microphone.status !== 'open' ? t('pre.starting') : t('pre.type')}
      </Button>
    </div>
  );
}

function askLabelOf(microphone: PreflightMicrophone): MessageKey {
  if (microphone.status === 'asking') return 'pre.asking';
  return microphone.status === 'failed' ? 'action.retryMic' : 'pre.allow';
}

/** The person's own voice; the assistant's line waits. */
function useTrackLevel(track: MediaStreamTrack | null): () => VoiceLevels {
  const meter = useRef<LevelMeter | null>(null);
  useEffect(() => {
    const mine = track === null ? null : meterTrack(track);
    meter.current = mine;
    return () => {
      mine?.close();
      meter.current = null;
    };
  }, [track]);
  return () => ({ agent: 0.08, person: meter.current?.read() ?? 0.08, thinking: false });
}

function isInsecure(microphone: { readonly status: string; readonly failure?: MicFailure }): boolean {
  return microphone.failure === 'insecure';
}

interface LanguageReasonProps {
  readonly offered: readonly Language[];
  readonly recogniser: Engine | null | undefined;
  readonly spoken: Language;
}

/** Why the conversation is written, or not in the language of the page; nothing where neither is so. */
function LanguageReason({ offered, recogniser, spoken }: LanguageReasonProps) {
  const { t, language } = useLanguage();
  if (hearingOf(recogniser, spoken).understands === 'none') {
    return <p className={styles.reason}>{t('demo.unheard', { language: t(`language.the.${spoken}`) })}</p>;
  }
  const unheard = offered.includes(language) && hearingOf(recogniser, language).understands === 'none';
  if (!unheard) return null;
  const values = { spoken: t(`language.${spoken}`), language: t(`language.the.${language}`) };
  return <p className={styles.reason}>{t('demo.otherLanguage', values)}</p>;
}

interface LanguageChoiceProps {
  readonly languages: readonly Language[];
  readonly recogniser: Engine | null | undefined;
  readonly value: Language;
  readonly onChange: (language: Language) => void;
}

function LanguageChoice({ languages, recogniser, value, onChange }: LanguageChoiceProps) {
  const { t } = useLanguage();
  return (
    <fieldset className={styles.choice}>
      <legend>{t('pre.language')}</legend>
      {languages.map((code) => (
        <label key={code} className={styles.option}>
          <input type="radio" name="spoken" value={code} checked={value === code} onChange={() => onChange(code)} />
          <span>
            {t(hearingOf(recogniser, code).understands === 'none' ? 'pre.languageWritten' : 'pre.languageSpoken', {
              language: t(`language.${code}`),
            })}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
