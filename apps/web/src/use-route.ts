import { useSyncExternalStore } from 'react';

/** Where the page is. In the address behind `#`, so that back, reload and links work on any static server. */
export type Route =
  | { readonly screen: 'home' }
  | { readonly screen: 'prepare'; readonly scenarioId: string }
  | { readonly screen: 'ended'; readonly sessionId: string }
  /** Invited to a meeting. */
  | { readonly screen: 'join'; readonly sessionId: string }
  /** A meeting and its minutes, at one sentence of them where the link names one. */
  | { readonly screen: 'meeting'; readonly sessionId: string; readonly utteranceId?: string }
  /** Every meeting, or where something was said in them. */
  | { readonly screen: 'meetings'; readonly query: string }
  /** A link that names no session: it was cut, or mistyped. */
  | { readonly screen: 'broken'; readonly link: 'invitation' | 'session' };

/** What mail programs and hands leave after a link is no part of it; a letter too many is. */
const SESSION = /^ses_[a-z2-7]{20}(?![a-z0-9])/;
const UTTERANCE = /^utt_[a-z2-7]{16}$/;

/** The route in a hash; anything unknown is home. */
export function parseRoute(hash: string): Route {
  const [, screen, id = '', utterance = ''] = hash.replace(/^#/, '').split('/');
  if (screen === 'prepare' && /^[a-z][a-z0-9_]*$/.test(id)) return { screen, scenarioId: id };
  if (screen === 'meetings') return { screen, query: decoded(id) };
  if (screen !== 'ended' && screen !== 'join' && screen !== 'meeting') return { screen: 'home' };
  const [sessionId] = SESSION.exec(id) ?? [];
  if (sessionId === undefined) return { screen: 'broken', link: screen === 'join' ? 'invitation' : 'session' };
  if (screen !== 'meeting' || !UTTERANCE.test(utterance)) return { screen, sessionId };
  return { screen, sessionId, utteranceId: utterance };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return '';
  }
}

/** Goes to another screen. */
export function goTo(route: Parameters<typeof hashOf>[0]): void {
  window.location.hash = hashOf(route);
}

export function hashOf(route: Exclude<Route, { readonly screen: 'broken' }>): string {
  switch (route.screen) {
    case 'home':
      return '#/';
    case 'meetings':
      return route.query === '' ? '#/meetings' : `#/meetings/${encodeURIComponent(route.query)}`;
    case 'prepare':
      return `#/prepare/${route.scenarioId}`;
    case 'meeting':
      return `#/meeting/${route.sessionId}${route.utteranceId === undefined ? '' : `/${route.utteranceId}`}`;
    case 'ended':
    case 'join':
      return `#/${route.screen}/${route.sessionId}`;
  }
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

/** The route now, and again whenever it changes. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}
