import { useEffect } from 'react';

/** Keeps the screen on while `active`; asked for again whenever the page comes back to the front. */
export function useWakeLock(active: boolean): void {
  useEffect(() => {
    if (!active || !('wakeLock' in navigator)) return undefined;
    let held: WakeLockSentinel | null = null;
    let done = false;
    const ask = async () => {
      if (document.visibilityState !== 'visible') return;
      const lock = await navigator.wakeLock.request('screen');
      if (done) await lock.release();
      else held = lock;
    };
    // Refused on low battery: the call goes on, the screen may go dark.
    const askQuietly = () => {
      ask().catch(() => {});
    };
    askQuietly();
    document.addEventListener('visibilitychange', askQuietly);
    return () => {
      done = true;
      document.removeEventListener('visibilitychange', askQuietly);
      held?.release().catch(() => {});
    };
  }, [active]);
}
