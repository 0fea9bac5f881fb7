import type { SessionKind } from '@eloquence/shared/contracts/scenario';
import { AppError } from '@eloquence/shared/runtime/errors';
import { AgentDispatchClient, RoomServiceClient, ServerError, type ParticipantInfo } from 'livekit-server-sdk';
import { DEPENDENCY_TIMEOUT_MS, reachable } from '../http/dependency.ts';

interface RoomLimits {
  /** How long a room without people stays, before the first has come and after the last has left. */
  readonly graceS: number;
  /** Agents do not count (livekit-server: "dependent" participants). */
  readonly maxParticipants: number;
}

const LIMITS: Readonly<Record<SessionKind, RoomLimits>> = {
  // A browser client gives up reconnecting after 44 s; the room outlives that. One person, who may come back beside their ghost.
  conversation: { graceS: 60, maxParticipants: 4 },
  // The agent ends a meeting that everybody has left after 5 minutes; the room outlives that.
  meeting: { graceS: 360, maxParticipants: 50 },
};
/** Values of `ParticipantInfo.Kind` (livekit_models.proto), which the SDK does not export. */
const KIND = { standard: 0, sip: 3, agent: 4 } as const;
const STATE_DISCONNECTED = 3;

export type ParticipantKind = 'person' | 'agent' | 'other';

export interface Occupant {
  readonly identity: string;
  readonly kind: ParticipantKind;
}

export interface RoomClientOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly agentName: string;
}

/**
 * livekit-server's room and dispatch API.
 *
 * Every method throws AppError `unavailable` when LiveKit does not answer in time, and `internal` when it refuses our key.
 */
export class RoomClient {
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;
  readonly #agentName: string;

  constructor({ url, apiKey, apiSecret, agentName }: RoomClientOptions) {
    const options = { requestTimeout: DEPENDENCY_TIMEOUT_MS / 1000, failover: false };
    const host = url.replace(/^ws/, 'http');
    this.#rooms = new RoomServiceClient(host, apiKey, apiSecret, options);
    this.#dispatches = new AgentDispatchClient(host, apiKey, apiSecret, options);
    this.#agentName = agentName;
  }

  async createRoom(name: string, kind: SessionKind): Promise<void> {
    const { graceS, maxParticipants } = LIMITS[kind];
    await call(this.#rooms.createRoom({ name, emptyTimeout: graceS, departureTimeout: graceS, maxParticipants }));
  }

  /** Closes a room and disconnects everybody in it; a room that is gone already is fine. */
  async deleteRoom(name: string): Promise<void> {
    await call(this.#rooms.deleteRoom(name)).catch(ignoreNotFound);
  }

  /** Asks a worker to join; says nothing about whether one will. */
  async dispatchAgent(roomName: string, sessionId: string): Promise<void> {
    const metadata = JSON.stringify({ session_id: sessionId });
    await call(this.#dispatches.createDispatch(roomName, this.#agentName, { metadata }));
  }

  /** Withdraws every dispatch of the room, so that a late or deaf job cannot join beside its replacement, and asks anew. */
  async replaceAgent(roomName: string, sessionId: string): Promise<void> {
    const old = await call(this.#dispatches.listDispatch(roomName)).catch(ignoreNotFound);
    const ours = old?.filter((dispatch) => dispatch.agentName === this.#agentName) ?? [];
    for (const { id } of ours) await call(this.#dispatches.deleteDispatch(id, roomName)).catch(ignoreNotFound);
    await this.dispatchAgent(roomName, sessionId);
  }

  /**
   * True when a worker has taken a job for the room less than `withinMs` ago: its process may still be starting. Workers
   * do not say how their jobs fare, so an older one proves nothing.
   */
  async isAgentComing(roomName: string, withinMs: number): Promise<boolean> {
    const dispatches = (await call(this.#dispatches.listDispatch(roomName)).catch(ignoreNotFound)) ?? [];
    const jobs = dispatches
      .filter(({ agentName }) => agentName === this.#agentName)
      .flatMap((of) => of.state?.jobs ?? []);
    return jobs.some(
      ({ state }) => state?.endedAt === 0n && Date.now() - Number(state.startedAt / 1_000_000n) < withinMs,
    );
  }

  /** Puts a participant out of the room; one that is gone already is fine. */
  async removeParticipant(roomName: string, identity: string): Promise<void> {
    await call(this.#rooms.removeParticipant(roomName, identity)).catch(ignoreNotFound);
  }

  /** Names of all rooms, or of those given that exist. */
  async listRooms(names?: readonly string[]): Promise<string[]> {
    const rooms = await call(this.#rooms.listRooms(names && [...names]));
    return rooms.map((room) => room.name);
  }

  /** Who is in the room now. */
  async occupants(roomName: string): Promise<Occupant[]> {
    const participants = (await call(this.#rooms.listParticipants(roomName)).catch(ignoreNotFound)) ?? [];
    return participants
      .filter(({ state }) => (state as number) !== STATE_DISCONNECTED)
      .map((participant) => ({ identity: participant.identity, kind: kindOf(participant) }));
  }
}

/** What a participant is to us. */
export function kindOf(participant: Pick<ParticipantInfo, 'kind'>): ParticipantKind {
  const kind = participant.kind as number;
  if (kind === KIND.agent) return 'agent';
  return kind === KIND.standard || kind === KIND.sip ? 'person' : 'other';
}

/** Values of `DisconnectReason` (livekit_models.proto) that say the room went, not the person. */
const ROOM_WENT: ReadonlySet<number> = new Set([3, 5, 10]);

/** True when a participant who is gone left by themselves or lost their network: not with the room or the server. */
export function hasLeft(participant: Pick<ParticipantInfo, 'disconnectReason'>): boolean {
  return !ROOM_WENT.has(participant.disconnectReason);
}

async function call<T>(request: Promise<T>): Promise<T> {
  try {
    return await reachable('LiveKit', request, (error) => !(error instanceof ServerError) || error.status >= 500);
  } catch (error) {
    if (error instanceof ServerError && error.status === 401) {
      throw new AppError(
        'internal',
        'LiveKit refuses our key: LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be those of livekit-server.',
        { cause: error },
      );
    }
    throw error;
  }
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof ServerError && error.status === 404) return undefined;
  throw error;
}
