import { useEffect, useEffectEvent } from 'react';

interface Shortcuts {
  readonly onMute: () => void;
  /** Space down and up; `null` when push-to-talk is off. */
  readonly onTalk: ((talking: boolean) => void) | null;
}

/** `M` mutes, the space bar talks. Neither acts while somebody writes or uses a control. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const onMute = useEffectEvent(shortcuts.onMute);
  const onTalk = useEffectEvent((talking: boolean) => shortcuts.onTalk?.(talking));
  const talks = useEffectEvent(() => shortcuts.onTalk !== null);
  useEffect(() => {
    let talking = false;
    const stop = () => {
      if (talking) onTalk(false);
      talking = false;
    };
    const down = (event: KeyboardEvent) => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      if (event.key.toLowerCase() === 'm') {
        onMute();
      } else if (event.key === ' ' && talks() && !isControl(event.target)) {
        event.preventDefault();
        talking = true;
        onTalk(true);
      }
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === ' ') stop();
    };
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', stop);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', stop);
    };
  }, []);
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, summary') !== null;
}
