import type { Problem } from '../problem.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { KeyForm } from './key-form.tsx';

/** What could not be loaded: the key it takes is asked for, anything else is said. */
export function FailedLoad({ problem, reload }: { readonly problem: Problem; readonly reload: () => void }) {
  if (problem.key === 'problem.unauthorized') return <KeyForm onKey={reload} />;
  return <ProblemNotice problem={problem} onRetry={reload} />;
}
