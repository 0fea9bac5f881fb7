import type { Logger } from '@eloquence/shared/runtime/logger';
import type { Telemetry } from '@eloquence/shared/runtime/telemetry';
import type { Config } from './config.ts';
import { Admission } from './decoding/admission.ts';
import { Decoder } from './decoding/decoder.ts';
import { DecodeScheduler } from './decoding/scheduler.ts';
import { createEngines } from './engines/create-engines.ts';
import { EngineChain } from './engines/engine-chain.ts';
import type { Hearing } from './hearing/hearing.ts';
import { sessionOpener } from './session/open-session.ts';
import type { OpenSession } from './session/speech-session.ts';

/** Everything between a wire and the engines. */
export interface Recognition {
  readonly engine: EngineChain;
  readonly admission: Admission;
  readonly openSession: OpenSession;
}

/** Puts it together; nothing is opened before the first session. */
export function buildRecognition(config: Config, ports: RecognitionPorts): Recognition {
  const { telemetry, logger, hearing } = ports;
  const engines = createEngines(config.engines, config.engineLimits, { ...config.whisper, key: config.internalKey });
  const engine = new EngineChain(engines, { telemetry, logger });
  const scheduler = new DecodeScheduler(config.decoding, { telemetry, capacity: () => engine.capacity });
  const admission = new Admission({ maxStreams: config.streams.max, scheduler, telemetry });
  const decoder = new Decoder({ engine, scheduler, telemetry, outageMs: config.decoding.outageMs });
  return { engine, admission, openSession: sessionOpener({ chain: engine, hearing, decoder, telemetry }) };
}

interface RecognitionPorts {
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly hearing: Hearing;
}
