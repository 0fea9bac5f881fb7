import type { Role } from '@eloquence/shared/contracts/sessions';
import { withFixedSpaces } from '../i18n/fixed-spaces.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import styles from './dialogue.module.css';

/** One thing said. */
export interface DialogueLine {
  readonly id: string;
  readonly role: Role;
  readonly speaker: string;
  readonly text: string;
  /** `sent`: typed here and on its way. */
  readonly status?: 'final' | 'sent';
}

interface DialogueProps {
  readonly lines: readonly DialogueLine[];
  /** Words still being spoken: seen, and not read out until they are whole. */
  readonly live?: readonly { readonly id: string; readonly role: Role; readonly text: string }[];
}

/** A conversation set like a play: the name, then the words; the assistant in serif, people in sans. */
export function Dialogue({ lines, live = [] }: DialogueProps) {
  const nameOf = useNames(lines);
  return (
    <ol className={styles.dialogue}>
      {lines.map((line, index) => (
        <Said
          key={line.id}
          role={line.role}
          name={sameSpeaker(lines[index - 1], line) ? null : nameOf(line)}
          status={line.status ?? 'final'}
        >
          {line.text}
        </Said>
      ))}
      {live.map((segment, index) => (
        <Said
          key={segment.id}
          role={segment.role}
          name={(live[index - 1] ?? lines.at(-1))?.role === segment.role ? null : nameOf({ ...segment, speaker: '' })}
          status="live"
        >
          {segment.text}
        </Said>
      ))}
    </ol>
  );
}

interface SaidProps {
  readonly role: Role;
  readonly name: string | null;
  readonly status: 'final' | 'sent' | 'live';
  readonly children: string;
}

function Said({ role, name, status, children }: SaidProps) {
  return (
    <li
      className={styles.said}
      data-role={role}
      data-status={status}
      aria-hidden={status === 'live' ? true : undefined}
    >
      {name === null ? null : <span className={styles.name}>{name}</span>}
      <p className={styles.words}>{withFixedSpaces(children)}</p>
    </li>
  );
}

function sameSpeaker(before: DialogueLine | undefined, line: DialogueLine): boolean {
  return (
    before !== undefined &&
    before.role === line.role &&
    (before.speaker === line.speaker || line.speaker === '' || before.speaker === '')
  );
}

/** One person is "you"; when several speak in a room, their own names tell them apart. */
function useNames(lines: readonly DialogueLine[]): (line: { role: Role; speaker: string }) => string {
  const { t } = useLanguage();
  const people = new Set(
    lines.filter((line) => line.role === 'user' && line.speaker !== '').map((line) => line.speaker),
  );
  return (line) => {
    if (line.role === 'agent') return t('call.agent');
    return people.size > 1 && line.speaker !== '' ? line.speaker : t('call.you');
  };
}
