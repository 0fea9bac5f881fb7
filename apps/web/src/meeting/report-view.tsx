import type { ReactNode } from 'react';
import type { ShownItem, ShownReport } from '../api/meeting-schemas.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { Notice } from '../ui/notice.tsx';
import { clock } from '../ui/use-now.ts';
import styles from './report-screen.module.css';
import { lineId, showUtterance } from './show-utterance.ts';

/** The minutes themselves; each item leads to the words that prove it. */
export function ReportView({ report }: { readonly report: ShownReport }) {
  const { t } = useLanguage();
  const nameOf = (speaker: string) => report.speakers.find((one) => one.speaker === speaker)?.name ?? speaker;
  return (
    <article className={styles.report} lang={report.language}>
      <Warnings report={report} nameOf={nameOf} />
      {report.summary.length === 0 ? null : (
        <Section title={t('report.summary')}>
          <ul className={styles.summary}>
            {report.summary.map(({ text }) => (
              <li key={text}>{withFixedSpaces(text)}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={t('report.decisions')}>
        <ItemList items={report.decisions} nameOf={nameOf} />
      </Section>
      <Section title={t('report.actions')}>
        {report.actions.length === 0 ? (
          <p className={styles.quiet}>{t('report.none')}</p>
        ) : (
          <Actions items={report.actions} nameOf={nameOf} />
        )}
      </Section>
      <Section title={t('report.questions')}>
        <ItemList items={report.questions} nameOf={nameOf} />
      </Section>
      {report.chapters.length === 0 ? null : (
        <Section title={t('report.chapters')}>
          <ul className={styles.chapters}>
            {report.chapters.map(({ title, start_ms }) => (
              <li key={start_ms}>
                <span className={styles.time}>{clock(start_ms)}</span> {withFixedSpaces(title)}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Transcript report={report} nameOf={nameOf} />
    </article>
  );
}

type NameOf = (speaker: string) => string;

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h2 className={styles.subtitle}>{title}</h2>
      {children}
    </section>
  );
}

function Warnings({ report, nameOf }: { readonly report: ShownReport; readonly nameOf: NameOf }) {
  const { t } = useLanguage();
  const { draft_reason: reason, silent_sources: silent, holes, unverified } = report;
  return (
    <>
      {silent.map(({ speaker, start_ms, end_ms }) => (
        <Notice key={`${speaker}-${start_ms}`} tone="alert">
          {t('report.silent', {
            name: nameOf(speaker),
            start: clock(start_ms),
            end: end_ms === null ? t('report.silentEnd') : clock(end_ms),
          })}
        </Notice>
      ))}
      {/* A draft's own notice says as much. */}
      {reason !== null || holes.length === 0 ? null : (
        <Notice tone="alert">{t('report.holes', { count: holes.length })}</Notice>
      )}
      {unverified.length === 0 ? null : (
        <Notice tone="info">{t('report.unverified', { count: unverified.length })}</Notice>
      )}
    </>
  );
}

interface ItemsProps {
  readonly items: readonly ShownItem[];
  readonly nameOf: NameOf;
}

function ItemList({ items, nameOf }: ItemsProps) {
  const { t } = useLanguage();
  if (items.length === 0) return <p className={styles.quiet}>{t('report.none')}</p>;
  return (
    <ul className={styles.items}>
      {items.map((item) => (
        <li key={item.item_id}>
          <p>{withFixedSpaces(item.text)}</p>
          {item.evidence.slice(0, 2).map((proof) => (
            <p key={`${proof.utterance_id}-${proof.quote}`} className={styles.quote}>
              <q>{withFixedSpaces(proof.quote)}</q> {nameOf(proof.speaker)}, <Source {...proof} />
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** A time that leads to the words. */
export function Source({ utterance_id: id, start_ms }: { readonly utterance_id: string; readonly start_ms: number }) {
  return (
    <button type="button" className={styles.source} onClick={() => showUtterance(id)}>
      {clock(start_ms)}
    </button>
  );
}

function Actions({ items, nameOf }: ItemsProps) {
  const { t, language } = useLanguage();
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeZone: 'UTC' });
  const ownerOf = ({ owner }: ShownItem) => {
    if (owner == null) return <span className={styles.quiet}>{t('report.unknown')}</span>;
    return <b>{owner.kind === 'speaker' ? nameOf(owner.speaker) : owner.name}</b>;
  };
  const dueOf = ({ due }: ShownItem) => {
    if (due == null) return <span className={styles.quiet}>{t('report.unknown')}</span>;
    return (
      <>
        {due.date === null ? null : <>{day.format(new Date(`${due.date}T00:00:00Z`))} </>}
        <q className={styles.quiet}>{due.text}</q>
      </>
    );
  };
  return (
    <table className={styles.actions}>
      <thead>
        <tr>
          {(['owner', 'task', 'due', 'source'] as const).map((column) => (
            <th key={column} scope="col">
              {t(`report.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.item_id}>
            <td data-title={t('report.owner')}>{ownerOf(item)}</td>
            <td data-title={t('report.task')}>{withFixedSpaces(item.text)}</td>
            <td data-title={t('report.due')}>
              <span>{dueOf(item)}</span>
            </td>
            <td data-title={t('report.source')}>
              <span>
                {item.evidence.map((proof) => (
                  <Source key={`${proof.utterance_id}-${proof.quote}`} {...proof} />
                ))}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Folded; without the transcript, the quoted words stand for it. */
function Transcript({ report, nameOf }: { readonly report: ShownReport; readonly nameOf: NameOf }) {
  const { t } = useLanguage();
  const lines = report.transcript ?? quoted(report);
  if (lines.length === 0) return null;
  return (
    <details className={styles.transcript}>
      <summary>
        <h2 className={styles.subtitle}>{t('report.transcript')}</h2>
      </summary>
      <ol>
        {lines.map(({ utterance_id, speaker, start_ms, text }) => (
          <li key={utterance_id} id={lineId(utterance_id)}>
            <span className={styles.time}>{clock(start_ms)}</span>
            <p>
              <b>{nameOf(speaker)}</b> {withFixedSpaces(text)}
            </p>
          </li>
        ))}
      </ol>
    </details>
  );
}

function quoted({ decisions, actions, questions }: ShownReport) {
  const proofs = [...decisions, ...actions, ...questions].flatMap(({ evidence }) => evidence);
  const byUtterance = new Map(proofs.map((proof) => [proof.utterance_id, { ...proof, text: proof.quote }]));
  return [...byUtterance.values()].toSorted((a, b) => a.start_ms - b.start_ms);
}
