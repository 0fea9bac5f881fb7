import type { Language } from '@eloquence/shared/contracts/ids';

/**
 * What the browser remembers. Language and user id outlive the tab; the key and the open call do not. Every access may
 * throw (private mode, blocked storage): then nothing is remembered and everything else works.
 */
const names = {
  language: 'eloquence.language',
  user: 'eloquence.user',
  key: 'eloquence.key',
  call: 'eloquence.call',
  captions: 'eloquence.captions',
  microphone: 'eloquence.microphone',
  meeting: 'eloquence.meeting',
  person: 'eloquence.person',
} as const;

function read(area: 'localStorage' | 'sessionStorage', name: string): string | null {
  try {
    return window[area].getItem(name);
  } catch {
    return null;
  }
}

function write(area: 'localStorage' | 'sessionStorage', name: string, value: string | null): void {
  try {
    if (value === null) window[area].removeItem(name);
    else window[area].setItem(name, value);
  } catch {
    // Nothing to do: the page works without memory.
  }
}

export function readLanguage(): Language | null {
  const value = read('localStorage', names.language);
  return value === 'fr' || value === 'en' ? value : null;
}

export function writeLanguage(language: Language): void {
  write('localStorage', names.language, language);
}

let userIdOfThisTab: string | null = null;

/** A random name for this browser, made at the first call, so that sessions of one person belong together. */
export function ownUserId(): string {
  userIdOfThisTab ??= read('localStorage', names.user) ?? randomUserId();
  write('localStorage', names.user, userIdOfThisTab);
  return userIdOfThisTab;
}

/** `crypto.randomUUID` exists in secure contexts only; a LAN address over http is none. */
function randomUserId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `web_${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export function readApiKey(): string | null {
  return read('sessionStorage', names.key);
}

export function writeApiKey(key: string | null): void {
  write('sessionStorage', names.key, key);
}

export function readCaptionSize(): 's' | 'm' | 'l' {
  const value = read('localStorage', names.captions);
  return value === 's' || value === 'l' ? value : 'm';
}

export function writeCaptionSize(size: 's' | 'm' | 'l'): void {
  write('localStorage', names.captions, size);
}

export function readMicrophoneId(): string | null {
  return read('localStorage', names.microphone);
}

export function writeMicrophoneId(deviceId: string): void {
  write('localStorage', names.microphone, deviceId);
}

/** The call this tab is in, enough to come back to it after a reload. */
export interface StoredCall {
  readonly sessionId: string;
  readonly scenarioId: string;
  readonly title: string;
  readonly language: Language;
  /** ms since epoch, this browser's clock: the timer goes on after a reload. */
  readonly startedAtMs: number;
  /** false: the person writes; no microphone is opened on return. */
  readonly voice: boolean;
}

export function readCall(): StoredCall | null {
  const text = read('sessionStorage', names.call);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isStoredCall(value) ? value : null;
  } catch {
    return null;
  }
}

export function writeCall(call: StoredCall | null): void {
  write('sessionStorage', names.call, call === null ? null : JSON.stringify(call));
}

function isStoredCall(value: unknown): value is StoredCall {
  if (typeof value !== 'object' || value === null) return false;
  const call = value as Partial<Record<keyof StoredCall, unknown>>;
  return (
    typeof call.sessionId === 'string' &&
    typeof call.scenarioId === 'string' &&
    typeof call.title === 'string' &&
    (call.language === 'fr' || call.language === 'en') &&
    typeof call.startedAtMs === 'number' &&
    typeof call.voice === 'boolean'
  );
}

/** What the person was called in their last meeting. */
export function readPersonName(): string {
  return read('localStorage', names.person) ?? '';
}

export function writePersonName(name: string): void {
  write('localStorage', names.person, name);
}

/** The meeting this tab is in, enough to come back to it after a reload. */
export interface StoredMeeting {
  readonly sessionId: string;
  readonly title: string;
  /** What the person is called there; `null`: they opened it, and the server knows. */
  readonly joinedAs: string | null;
  /** false: listens only; no microphone is opened on return. */
  readonly voice: boolean;
}

export function readMeeting(): StoredMeeting | null {
  const text = read('sessionStorage', names.meeting);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isStoredMeeting(value) ? value : null;
  } catch {
    return null;
  }
}

export function writeMeeting(meeting: StoredMeeting | null): void {
  write('sessionStorage', names.meeting, meeting === null ? null : JSON.stringify(meeting));
}

function isStoredMeeting(value: unknown): value is StoredMeeting {
  if (typeof value !== 'object' || value === null) return false;
  const meeting = value as Partial<Record<keyof StoredMeeting, unknown>>;
  return (
    typeof meeting.sessionId === 'string' &&
    typeof meeting.title === 'string' &&
    (meeting.joinedAs === null || typeof meeting.joinedAs === 'string') &&
    typeof meeting.voice === 'boolean'
  );
}
