import { useEffect, useRef, useState } from 'react';
import type { Language } from '@eloquence/shared/contracts/ids';
import type { ScenarioSummary } from '@eloquence/shared/contracts/scenario';
import type { Resource } from '../api/use-resource.ts';
import { meterTrack, resumeMeters } from '../audio/level-meter.ts';
import type { LevelMeter } from '../audio/level-meter.ts';
import type { RoomTicket } from '../call/room-link.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import type { MicFailure } from '../problem.ts';
import type { StoredCall } from '../storage.ts';
import { Button } from '../ui/button.tsx';
import { BackIcon, MicIcon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page, ScreenTitle } from '../ui/page.tsx';
import { useNow } from '../ui/use-now.ts';
import { VoiceLine } from '../ui/voice-line.tsx';
import type { VoiceLevels } from '../ui/voice-line.tsx';
import { MicrophoneCheck } from './microphone-check.tsx';
import styles from './preflight-screen.module.css';
import { useOpenSession } from './use-open-session.ts';
import type { Opening } from './use-open-session.ts';
import { usePreflightMicrophone } from './use-preflight-microphone.ts';

/** A session that is open and what the call screen needs to enter it. */
export interface OpenedCall extends StoredCall {
  readonly ticket: RoomTicket | null;
  readonly track: MediaStreamTrack | null;
  readonly failure: MicFailure | null;
}

interface PreflightScreenProps {
  readonly scenarioId: string;
  readonly scenarios: Resource<readonly ScenarioSummary[]>;
  readonly prefetchCall: () => Promise<unknown>;
  readonly onOpened: (call: OpenedCall) => void;
}

/** Finds the scenario, or says that it is not there. */
export function PreflightScreen(props: PreflightScreenProps) {
  const { t } = useLanguage();
  const { scenarios } = props;
  const scenario =
    scenarios.status === 'ready' ? scenarios.value.find((one) => one.scenario_id === props.scenarioId) : undefined;
  return (
    <Page>
      <p className={styles.back}>
        <a href="#/">
          <BackIcon /> {t('app.back')}
        </a>
      </p>
      {scenario !== undefined ? <Preflight {...props} scenario={scenario} /> : null}
      {scenarios.status === 'loading' ? <p>{t('app.loading')}</p> : null}
      {scenarios.status === 'failed' ? (
        <Notice tone="alert">{t(scenarios.problem.key, { s: scenarios.problem.retryInS ?? 0 })}</Notice>
      ) : null}
      {scenarios.status === 'ready' && scenario === undefined ? <Notice tone="alert">{t('pre.unknown')}</Notice> : null}
    </Page>
  );
}

function Preflight(props: PreflightScreenProps & { readonly scenario: ScenarioSummary }) {
  const { scenario, prefetchCall } = props;
  const { t, language } = useLanguage();
  const { microphone, ask, takeTrack } = usePreflightMicrophone();
  const { opening, open } = useOpenSession();
  const [spoken, setSpoken] = useState<Language>(
    scenario.languages.includes(language) ? language : (scenario.languages[0] ?? language),
  );
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
        <p className={styles.about}>{scenario.description[language]}</p>
        {scenario.languages.length > 1 ? (
          <LanguageChoice languages={scenario.languages} value={spoken} onChange={setSpoken} />
        ) : null}
        <VoiceLine className={styles.line} read={readLevels} />
      </div>
      <section className={styles.card} aria-labelledby="before">
        <h2 id="before" className={styles.subtitle}>
          {t('pre.title')}
        </h2>
        <p className={styles.why}>{t('pre.why')}</p>
        <MicrophoneCheck microphone={microphone} ask={ask} />
        <OpeningNotice opening={opening} />
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
              {microphone.status === 'asking'
                ? t('pre.asking')
                : microphone.status === 'failed'
                  ? t('action.retryMic')
                  : t('pre.allow')}
            </Button>
          )}
          <Button
            look={microphone.status === 'failed' ? 'plain' : 'quiet'}
            disabled={busy}
            onClick={() => start(false)}
          >
            {busy && microphone.status !== 'open' ? t('pre.starting') : t('pre.type')}
          </Button>
        </div>
      </section>
    </div>
  );
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

function OpeningNotice({ opening }: { readonly opening: Opening }) {
  const { t } = useLanguage();
  const nowMs = useNow(250, opening.status === 'waiting');
  if (opening.status === 'failed') return <Notice tone="alert">{t(opening.problem.key)}</Notice>;
  if (opening.status !== 'waiting') return null;
  const s = Math.max(0, Math.ceil((opening.retryAtMs - nowMs) / 1000));
  return <Notice tone="info">{t(opening.problem.key, { s })}</Notice>;
}

interface LanguageChoiceProps {
  readonly languages: readonly Language[];
  readonly value: Language;
  readonly onChange: (language: Language) => void;
}

function LanguageChoice({ languages, value, onChange }: LanguageChoiceProps) {
  const { t } = useLanguage();
  return (
    <fieldset className={styles.choice}>
      <legend>{t('pre.language')}</legend>
      {languages.map((code) => (
        <label key={code} className={styles.option}>
          <input type="radio" name="spoken" value={code} checked={value === code} onChange={() => onChange(code)} />
          <span>{t(`language.${code}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}
