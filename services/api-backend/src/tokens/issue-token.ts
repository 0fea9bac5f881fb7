import { randomText } from '@eloquence/shared/runtime/ids';
import { AccessToken, TrackSource } from 'livekit-server-sdk';

/** Long enough to click "join" and be asked for the microphone; the client gets a new one for every reconnect. */
const TOKEN_TTL_S = 300;

export interface TokenRequest {
  readonly roomName: string;
  /** Meetings: the stable part of the identity. */
  readonly person: string | undefined;
  /** What others in the room see. */
  readonly name: string | null;
}

export interface IssuedToken {
  readonly token: string;
  readonly identity: string;
  readonly expiresAt: Date;
}

/**
 * Signs the one kind of token a client gets: one room, microphone only, text streams for typing, five minutes. Anybody who
 * sees a token can read it, so it holds an identity and the user's name and nothing else. An identity
 * is random, because LiveKit puts out whoever has the same; in a meeting the person stands before it, `<person>~<random>`.
 */
export async function issueToken(
  credentials: { readonly apiKey: string; readonly apiSecret: string },
  request: TokenRequest,
): Promise<IssuedToken> {
  const identity = request.person === undefined ? `user-${randomText(12)}` : `${request.person}~${randomText(12)}`;
  const expiresAt = new Date((Math.floor(Date.now() / 1000) + TOKEN_TTL_S) * 1000);
  const token = new AccessToken(credentials.apiKey, credentials.apiSecret, {
    identity,
    ttl: TOKEN_TTL_S,
    ...(request.name !== null && { name: request.name }),
  });
  token.addGrant({
    room: request.roomName,
    roomJoin: true,
    canPublish: true,
    canPublishSources: [TrackSource.MICROPHONE],
    canSubscribe: true,
    canPublishData: true,
    canUpdateOwnMetadata: false,
  });
  return { token: await token.toJwt(), identity, expiresAt };
}
