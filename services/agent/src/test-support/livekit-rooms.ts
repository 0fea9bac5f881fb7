import { createHmac } from 'node:crypto';

export interface LivekitKeys {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A LiveKit access token (JWT, HS256) with these video grants. */
export function accessToken(keys: LivekitKeys, identity: string, video: Readonly<Record<string, unknown>>): string {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = { iss: keys.apiKey, sub: identity, name: identity, nbf: nowS - 5, exp: nowS + 600, video };
  const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', keys.apiSecret).update(unsigned).digest('base64url')}`;
}

/** One call of LiveKit's server API. */
async function callServer(keys: LivekitKeys, method: string, body: object, grants: object): Promise<unknown> {
  const response = await fetch(`${keys.url.replace(/^ws/, 'http')}/twirp/livekit.${method}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken(keys, 'test', { ...grants })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Makes a room and asks for an agent in it, as api-backend does. */
export async function openRoom(keys: LivekitKeys, room: string, agentName: string, metadata: object): Promise<void> {
  await callServer(keys, 'RoomService/CreateRoom', { name: room, empty_timeout: 60 }, { roomCreate: true });
  await dispatchAgent(keys, room, agentName, metadata);
}

/** Asks for an agent in a room. */
export async function dispatchAgent(
  keys: LivekitKeys,
  room: string,
  agentName: string,
  metadata: object,
): Promise<void> {
  const dispatch = { room, agent_name: agentName, metadata: JSON.stringify(metadata) };
  await callServer(keys, 'AgentDispatchService/CreateDispatch', dispatch, { roomAdmin: true, room });
}

/** Switches a microphone off or on, as its owner does. The server must allow the latter (`room.enable_remote_unmute`). */
export async function muteTrack(
  keys: LivekitKeys,
  room: string,
  { identity, trackSid, muted }: { readonly identity: string; readonly trackSid: string; readonly muted: boolean },
): Promise<void> {
  const body = { room, identity, track_sid: trackSid, muted };
  await callServer(keys, 'RoomService/MutePublishedTrack', body, { roomAdmin: true, room });
}

export async function deleteRoom(keys: LivekitKeys, room: string): Promise<void> {
  await callServer(keys, 'RoomService/DeleteRoom', { room }, { roomCreate: true });
}

/** Identities in a room; empty when there is no such room. */
export async function participants(keys: LivekitKeys, room: string): Promise<string[]> {
  const listed = await callServer(keys, 'RoomService/ListParticipants', { room }, { roomAdmin: true, room }).catch(
    () => undefined,
  );
  const { participants: found = [] } = (listed ?? {}) as { participants?: { identity: string }[] };
  return found.map(({ identity }) => identity);
}
