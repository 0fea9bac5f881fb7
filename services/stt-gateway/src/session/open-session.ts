import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Decoder } from '../decoding/decoder.ts';
import type { EngineChain } from '../engines/engine-chain.ts';
import { isStreaming } from '../engines/engine.ts';
import type { Hearing } from '../hearing/hearing.ts';
import { FailoverSession, type HearingPlace } from './failover-session.ts';
import { RelayedSession } from './relayed-session.ts';
import { TranscriptionSession } from './session.ts';
import type { OpenSession } from './speech-session.ts';

export interface OpenSessionPorts {
  readonly chain: EngineChain;
  readonly hearing: Hearing;
  readonly decoder: Decoder;
  readonly telemetry: Telemetry;
}

/**
 * Opens sessions where they are heard best: at the streaming engines that come before any other in the order of
 * preference, else here. Files are always heard here: they come faster than engines that listen like them.
 */
export function sessionOpener({ chain, hearing, decoder, telemetry }: OpenSessionPorts): OpenSession {
  const local: HearingPlace = {
    type: 'local',
    name: () => chain.name,
    open: (options, listener) => new TranscriptionSession(options, { ...listener, hearing, decoder, telemetry }),
  };
  const firstOther = chain.members.findIndex(({ engine }) => !isStreaming(engine));
  const relayed = chain.members
    .slice(0, firstOther < 0 ? undefined : firstOther)
    .flatMap(({ engine, health }): HearingPlace[] =>
      isStreaming(engine)
        ? [
            {
              type: 'relayed',
              name: engine.name,
              health,
              open: (options, listener) => new RelayedSession(options, { ...listener, engine, telemetry }),
            },
          ]
        : [],
    );
  const places = [...relayed, local];
  const onFailover = (from: string, to: string) => chain.countFailover(from, to);
  return (options, listener) => {
    if (relayed.length === 0 || options.urgency === 'batch') return local.open(options, listener);
    return new FailoverSession(options, { ...listener, places, onFailover, telemetry });
  };
}
