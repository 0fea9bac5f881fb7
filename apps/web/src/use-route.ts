import { useSyncExternalStore } from 'react';

/** Where the page is. In the address behind `#`, so that back, reload and links work on any static server. */
export type Route =
  | { readonly screen: 'home' }
  | { readonly screen: 'prepare'; readonly scenarioId: string }
  | { readonly screen: 'ended'; readonly sessionId: string }
  /** Invited to a meeting. */
  | { readonly screen: 'join'; readonly sessionId: string }
  /** A meeting and its minutes. */
  | { readonly screen: 'meeting'; readonly sessionId: string };

/** The route in a hash; anything unknown is home. */
export function parseRoute(hash: string): Route {
  const [, screen, id] = hash.replace(/^#/, '').split('/');
  if (screen === 'prepare' && id !== undefined && /^[a-z][a-z0-9_]*$/.test(id)) return { screen, scenarioId: id };
  const named = screen === 'ended' || screen === 'join' || screen === 'meeting';
  if (named && id !== undefined && /^ses_[a-z2-7]+$/.test(id)) return { screen, sessionId: id };
  return { screen: 'home' };
}

/** Goes to another screen. */
export function goTo(route: Route): void {
  window.location.hash = hashOf(route);
}

export function hashOf(route: Route): string {
  switch (route.screen) {
    case 'home':
      return '#/';
    case 'prepare':
      return `#/prepare/${route.scenarioId}`;
    case 'ended':
    case 'join':
    case 'meeting':
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
