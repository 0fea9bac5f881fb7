import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../i18n/language-context.tsx';
import { Dialogue } from '../ui/dialogue.tsx';
import styles from './captions.module.css';
import type { Line, Transcript } from './transcript.ts';

/** Within this many pixels of the end the reader follows the conversation; further up, they are reading. */
const FOLLOW_WITHIN_PX = 80;

/** Everything said so far and what is being said; whole sentences are also told to screen readers. */
export function Captions({ transcript }: { readonly transcript: Transcript }) {
  const { t } = useLanguage();
  const box = useRef<HTMLElement>(null);
  const following = useRef(true);

  // After every render: new words, larger words and a turned phone all move the end.
  useEffect(() => {
    if (following.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  });

  const empty = transcript.lines.length === 0 && transcript.segments.length === 0;
  return (
    <section
      ref={box}
      className={styles.captions}
      aria-label={t('call.transcript')}
      // A scrolling region must be reachable without a mouse.
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        following.current = scrollHeight - scrollTop - clientHeight < FOLLOW_WITHIN_PX;
      }}
    >
      {empty ? <p className={styles.empty}>{t('call.empty')}</p> : null}
      <Dialogue lines={transcript.lines} live={transcript.segments} />
      <Announcer lines={transcript.lines} />
    </section>
  );
}

/** The newest whole sentence, for screen readers. What was there at the first look is history and stays unsaid. */
function Announcer({ lines }: { readonly lines: readonly Line[] }) {
  const { t } = useLanguage();
  const [firstSeen] = useState(lines.at(-1)?.id);
  const newest = lines.findLast((line) => line.status === 'final');
  const said = newest !== undefined && newest.id !== firstSeen ? newest : null;
  return (
    <p className="visually-hidden" aria-live="polite">
      {said === null ? '' : `${t(said.role === 'agent' ? 'call.agent' : 'call.you')} : ${said.text}`}
    </p>
  );
}
