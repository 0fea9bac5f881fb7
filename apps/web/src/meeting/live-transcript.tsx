import { memo, useEffect, useRef } from 'react';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { clock } from '../ui/use-now.ts';
import { nameOf, UNCONFIRMED_MS } from './meeting-state.ts';
import type { MeetingLine, MeetingState } from './meeting-state.ts';
import styles from './meeting-screen.module.css';

/** Within this many pixels of the end the reader follows; further up, they are reading. */
const FOLLOW_WITHIN_PX = 80;

/** Everything said so far, under names, and what is being said. */
export function LiveTranscript({ state, nowMs }: { readonly state: MeetingState; readonly nowMs: number }) {
  const { t } = useLanguage();
  const box = useRef<HTMLElement>(null);
  const following = useRef(true);
  const { lines, names } = state;
  const live = Object.entries(state.live).filter(([, { atMs }]) => nowMs - atMs < UNCONFIRMED_MS);

  // After every render: new words and a turned phone move the end.
  useEffect(() => {
    if (following.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  });

  return (
    <section
      ref={box}
      className={styles.transcript}
      aria-label={t('meeting.transcript')}
      // A scrolling region must be reachable without a mouse.
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        following.current = scrollHeight - scrollTop - clientHeight < FOLLOW_WITHIN_PX;
      }}
    >
      {lines.length === 0 && live.length === 0 ? <p className={styles.empty}>{t('meeting.empty')}</p> : null}
      <ol className={styles.lines}>
        {lines.map((line, index) => (
          <Said
            key={line.id}
            line={line}
            name={lines[index - 1]?.speaker === line.speaker ? null : nameOf(names, line.speaker)}
          />
        ))}
        {live.map(([speaker, { text }]) => (
          <li key={speaker} className={styles.line} data-status="live" aria-hidden>
            <span className={styles.name}>{nameOf(names, speaker)}</span>
            <p>{withFixedSpaces(text)}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

const Said = memo(function Said({ line, name }: { readonly line: MeetingLine; readonly name: string | null }) {
  return (
    <li className={styles.line} data-status="final">
      {name === null ? null : (
        <span className={styles.name}>
          {name} <time className={styles.time}>{clock(line.startMs)}</time>
        </span>
      )}
      <p>{withFixedSpaces(line.text)}</p>
    </li>
  );
});
