import { useState } from 'react';
import type { SubmitEvent } from 'react';
import type { AskResponse } from '@eloquence/shared/contracts/meeting-api';
import { askMeeting } from '../api/meeting-client.ts';
import type { ShownReport } from '../api/meeting-schemas.ts';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import styles from './report-screen.module.css';
import { Source } from './report-view.tsx';

type Asked =
  | { readonly status: 'idle' }
  | { readonly status: 'asking' }
  | { readonly status: 'failed'; readonly problem: Problem }
  | { readonly status: 'answered'; readonly answer: AskResponse };

/** A question to the meeting; the answer leads to the words it rests on. */
export function AskPanel({ sessionId, report }: { readonly sessionId: string; readonly report: ShownReport }) {
  const { t } = useLanguage();
  const [question, setQuestion] = useState('');
  const [asked, setAsked] = useState<Asked>({ status: 'idle' });
  const nameOf = (speaker: string) => report.speakers.find((one) => one.speaker === speaker)?.name ?? speaker;

  const ask = async () => {
    setAsked({ status: 'asking' });
    try {
      setAsked({ status: 'answered', answer: await askMeeting(sessionId, question.trim()) });
    } catch (error) {
      setAsked({ status: 'failed', problem: problemOfError(error) });
    }
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    ask().catch(() => setAsked({ status: 'idle' }));
  };

  return (
    <section className={styles.panel}>
      <h2 className={styles.subtitle}>{t('report.ask')}</h2>
      <form className={styles.ask} onSubmit={submit}>
        <input
          required
          minLength={2}
          maxLength={500}
          aria-label={t('report.ask')}
          placeholder={t('report.askHint')}
          value={question}
          onChange={(event) => setQuestion(event.target.value)}
        />
        <Button type="submit" disabled={asked.status === 'asking'}>
          {t(asked.status === 'asking' ? 'report.asking' : 'report.askButton')}
        </Button>
      </form>
      <div aria-live="polite">
        {asked.status === 'failed' ? <ProblemNotice problem={asked.problem} /> : null}
        {asked.status === 'answered' ? <Answer answer={asked.answer} nameOf={nameOf} /> : null}
      </div>
    </section>
  );
}

function Answer({ answer, nameOf }: { readonly answer: AskResponse; readonly nameOf: (speaker: string) => string }) {
  const { t } = useLanguage();
  const byRules = answer.found && !answer.written_by_model;
  return (
    <div className={styles.answer}>
      <p>{withFixedSpaces(byRules ? t('report.askByRules') : answer.answer)}</p>
      {answer.citations.map((citation) => (
        <p key={`${citation.utterance_id}-${citation.quote}`} className={styles.quote}>
          <q>{withFixedSpaces(citation.quote)}</q> {nameOf(citation.speaker)}, <Source {...citation} />
        </p>
      ))}
    </div>
  );
}
