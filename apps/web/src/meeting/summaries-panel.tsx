import { useCallback, useEffect, useRef } from 'react';
import { getSummaries } from '../api/meeting-client.ts';
import type { ShownItem, ShownSummaries } from '../api/meeting-schemas.ts';
import { useResource } from '../api/use-resource.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import { clock } from '../ui/use-now.ts';
import styles from './meeting-screen.module.css';

interface SummariesPanelProps {
  readonly sessionId: string;
  /** Another number: there is something new. */
  readonly announced: number;
  readonly onMissed: () => void;
}

const never = () => null;

/** The mini-summaries, newest first. */
export function SummariesPanel({ sessionId, announced, onMissed }: SummariesPanelProps) {
  const { t } = useLanguage();
  const load = useCallback((signal: AbortSignal) => getSummaries(sessionId, signal), [sessionId]);
  const [summaries, reload] = useResource({ load, againInMs: never });
  const seen = useRef(announced);
  useEffect(() => {
    if (seen.current === announced) return;
    seen.current = announced;
    reload();
  }, [announced, reload]);
  const chunks = summaries.status === 'ready' ? summaries.value.chunks.filter(({ status }) => status !== 'empty') : [];
  return (
    <section aria-labelledby="summaries" className={styles.summaries}>
      <div className={styles.panelHead}>
        <h2 id="summaries" className={styles.subtitle}>
          {t('meeting.summaries')}
        </h2>
        <Button onClick={onMissed}>{t('meeting.missed')}</Button>
      </div>
      {chunks.length === 0 ? <p className={styles.empty}>{t('meeting.noSummary')}</p> : null}
      <div aria-live="polite">
        {chunks.toReversed().map((chunk) => (
          <Chunk key={chunk.n} chunk={chunk} />
        ))}
      </div>
    </section>
  );
}

function Chunk({ chunk }: { readonly chunk: ShownSummaries['chunks'][number] }) {
  const { t } = useLanguage();
  return (
    <article className={styles.chunk}>
      <h3 className={styles.range}>
        {clock(chunk.start_ms)} – {clock(chunk.end_ms)}
      </h3>
      {chunk.status === 'hole' ? <p className={styles.empty}>{t('meeting.hole')}</p> : null}
      {chunk.items.length === 0 ? <p className={styles.empty}>{t('meeting.nothing')}</p> : null}
      <Items items={chunk.items} />
    </article>
  );
}

/** What was noted, each with what it is. */
export function Items({ items }: { readonly items: readonly ShownItem[] }) {
  const { t } = useLanguage();
  return (
    <ul className={styles.items}>
      {items.map((item) => (
        <li key={item.item_id} data-kind={item.kind}>
          <b>{t(`meeting.kind.${item.kind}`)}</b> {withFixedSpaces(item.text)}
        </li>
      ))}
    </ul>
  );
}
